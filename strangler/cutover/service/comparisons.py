"""What a service compares itself: its answer to an event beside what the event says the monolith did."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from strangler.cutover.service.report import Compared

C = TypeVar("C", bound=Callable[[], Compared])

comparisons_made: dict[str, Callable[[], Compared]] = {}
"""By name."""


def comparisons(name: str) -> Callable[[C], C]:
    """Decorator of a function that counts them, in a module that is imported at start-up.

    The service's `status` tells the figures, and before `canary` the gate *shadow* holds them against
    `MIN_SHADOW_COMPARISONS`, as it does with those of a capability.
    """

    def register(count: C) -> C:
        comparisons_made[name] = count
        return count

    return register
