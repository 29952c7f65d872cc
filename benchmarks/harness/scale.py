"""How much of everything: a full run, or one that ends within five minutes on two cores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Counts of events, except where the name says otherwise."""

    name: str
    rounds: int
    transactions: int  # of each kind in a round
    relayed: int
    consumed: int


FULL = Scale("full", rounds=7, transactions=400, relayed=20_000, consumed=15_000)
QUICK = Scale("quick", rounds=3, transactions=150, relayed=8_000, consumed=6_000)
