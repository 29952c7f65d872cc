"""Percentiles of measured times, kept apart by whether a killed process was in the way."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from devstack.demo.observer import Way
from devstack.demo.outages import Outage


class Latencies(NamedTuple):
    """Milliseconds from publish to handled."""

    undisturbed: list[float]
    delayed: list[float]


def apart(ways: Iterable[Way], outages: Sequence[Outage]) -> Latencies:
    """An event is `delayed` when a process on its way was down, or starting, at any moment between the two ends."""
    found = Latencies([], [])
    for way in ways:
        if way.latency is not None and way.handled_at is not None:
            hit = any(outage.overlaps(way.created_at, way.handled_at) for outage in outages)
            (found.delayed if hit else found.undisturbed).append(way.latency)
    return found


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank: one of the measured values. Raises ValueError where there are none."""
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def summary(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return (
        f"{len(values)} events, p50 {percentile(values, 50):.0f} ms, p99 {percentile(values, 99):.0f} ms, "
        f"longest {max(values):.0f} ms"
    )
