"""How much of everything: a full run, or one that ends within five minutes on two cores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Counts of events, except where the name says otherwise."""

    name: str
    rounds: int
    long_rounds: int  # of what takes long: latency, backlogs, two processes
    history_rounds: int  # of more rounds than the rest: a difference of a twentieth is what matters there
    peer_rounds: int  # 0 leaves peers out
    transactions: int  # of each kind in a round
    relayed: int
    peer_relayed: int
    consumed: int
    peer_consumed: int
    captured: int
    backlog_small: int
    backlog_large: int
    history: int  # handled rows in outbox and inbox
    pace_seconds: int  # for each rate
    memory: int  # 0: not measured
    everybody: int  # 0: of the peers only the fastest of each kind, and no latency of Debezium


FULL = Scale(
    "full",
    rounds=7,
    long_rounds=3,
    history_rounds=7,
    peer_rounds=3,
    transactions=400,
    relayed=20_000,
    peer_relayed=4_000,
    consumed=15_000,
    peer_consumed=3_000,
    captured=30_000,
    backlog_small=10_000,
    backlog_large=200_000,
    history=1_000_000,
    pace_seconds=10,
    memory=1_000_000,
    everybody=1,
)
QUICK = Scale(
    "quick",
    rounds=2,
    long_rounds=1,
    history_rounds=1,
    peer_rounds=1,
    transactions=60,
    relayed=5_000,
    peer_relayed=1_500,
    consumed=5_000,
    peer_consumed=1_500,
    captured=8_000,
    backlog_small=4_000,
    backlog_large=30_000,
    history=100_000,
    pace_seconds=3,
    memory=0,
    everybody=0,
)
