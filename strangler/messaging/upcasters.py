"""Old messages stay readable for ever: each upcaster lifts the data of one version of an event to the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strangler.errors import InvalidEventDefinition, MissingUpcaster

Data = dict[str, Any]
Upcaster = Callable[[Data], Data]

_upcasters: dict[tuple[str, int], Upcaster] = {}


def upcaster(event_type: str, *, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Register a pure function from the data of `from_version` to the data of the version after it."""

    def register(function: Upcaster) -> Upcaster:
        known = _upcasters.setdefault((event_type, from_version), function)
        if known is not function:
            raise InvalidEventDefinition(f"two upcasters from {event_type}.v{from_version}: {known} and {function}")
        return function

    return register


def upcast(data: Data, event_type: str, *, version: int, to_version: int) -> Data:
    """Raises `MissingUpcaster` for a gap in the chain, or for a message newer than its reader."""
    if version > to_version:
        raise MissingUpcaster(
            f"{event_type}.v{version} is newer than v{to_version}, the version this handler reads: deploy a handler "
            f"that reads v{version}, then redrive the message"
        )
    for step in range(version, to_version):
        lift = _upcasters.get((event_type, step))
        if lift is None:
            raise MissingUpcaster(
                f"no upcaster from {event_type}.v{step} to v{step + 1}: register one with "
                f'@upcaster("{event_type}", from_version={step})'
            )
        data = lift(data)
    return data


def lifted_versions(event_type: str) -> set[int]:
    """From which of its versions there is an upcaster."""
    return {version for known, version in _upcasters if known == event_type}


def oldest_readable(event_type: str, version: int) -> int:
    """The oldest version from which a chain of upcasters leads to `version`."""
    while (event_type, version - 1) in _upcasters:
        version -= 1
    return version
