"""Can the service read what the monolith publishes?"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps

from strangler.apps import is_owned
from strangler.cutover.gates.gate import Candidate, Verdict, gate, not_applicable
from strangler.cutover.service.report import Reading
from strangler.messaging import Event, registry
from strangler.messaging.compatibility import obstacles
from strangler.messaging.contracts import schema_of

_SHOWN = 5


@gate("schemas")
def schemas_compatible(candidate: Candidate) -> Verdict:
    """Of the events whose owner is an app of this project, in each version that it declares."""
    readings = [reading for reading in candidate.status.reads if reading.type.partition(".")[0] in apps.app_configs]
    if not readings:
        return not_applicable("the service reads no event of this project")
    found = [line for reading in readings for line in _obstacles(reading)]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Verdict(
        not found,
        f"{len(found)} to mend: {'; '.join(found[:_SHOWN])}{more}" if found else f"all {len(readings)} events fit",
        "0 to mend",
        "deploy a service that reads what is published now, or publish what it can read",
    )


def _obstacles(reading: Reading) -> Iterator[str]:
    published = [event for event in registry if event.event_type == reading.type and is_owned(event)]
    if not published:
        yield f"{reading.type}: nobody here publishes it"
    for event in published:
        yield from (f"{event.wire_type()}: {line}" for line in _between(event, reading))


def _between(event: type[Event], reading: Reading) -> list[str]:
    """An older version is the upcasters' to lift: what comes out of them no schema tells."""
    if event.version > reading.version:
        return [f"is newer than v{reading.version}, which the service reads"]
    if event.version < reading.oldest:
        return [f"no upcaster of the service lifts it to v{reading.version}"]
    if event.version < reading.version:
        return []
    return [str(obstacle) for obstacle in obstacles(schema_of(event), reading.json_schema)]
