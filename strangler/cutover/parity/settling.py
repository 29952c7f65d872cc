"""What differs may be on its way: it is looked at again, and only what nobody touches any more and differs is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from strangler.cutover.parity.narrowing import Pair, differing, in_batches
from strangler.cutover.parity.questions import KEYS_AT_ONCE
from strangler.cutover.parity.remote import Side

WAITS = (1, 2, 4, 4, 4, 4)
"""Before each look, in graces."""
UNCHANGED_LOOKS = 3
"""In a row, that make a difference a mismatch."""


@dataclass(frozen=True, slots=True)
class Settled:
    """`in_flight` is what still changed, on either side, when it was last looked at."""

    mismatches: dict[str, Pair]
    in_flight: dict[str, Pair]


def settle(suspects: Mapping[str, Pair], ours: Side, theirs: Side, *, grace: float) -> Settled:
    """Waits `grace` seconds, then longer each time: 7 times as long in all where nothing changes, at most 19 times."""
    left, unchanged = dict(suspects), dict.fromkeys(suspects, 0)
    mismatches: dict[str, Pair] = {}
    for wait in WAITS:
        if not left:
            break
        time.sleep(wait * grace)
        seen = dict(_look(left, ours, theirs))
        unchanged = {key: unchanged[key] + 1 if pair == left[key] else 0 for key, pair in seen.items()}
        mismatches |= {key: pair for key, pair in seen.items() if unchanged[key] == UNCHANGED_LOOKS}
        left = {key: pair for key, pair in seen.items() if key not in mismatches}
    return Settled(mismatches, left)


def _look(keys: Iterable[str], ours: Side, theirs: Side) -> Iterator[tuple[str, Pair]]:
    for some in in_batches(keys, KEYS_AT_ONCE):
        yield from differing(ours.look(some), theirs.look(some)).items()
