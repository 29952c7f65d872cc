"""How much of everything: a full run, or one that ends within five minutes on two cores."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Counts of events, except where the name says otherwise."""

    name: str
    rounds: int
    peer_rounds: int  # rounds in which the slower peers take part
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
    polling_peers: int  # how many of those that poll take part in the latency
    memory: int  # 0: not measured


FULL = Scale(
    "full",
    rounds=7,
    peer_rounds=5,
    transactions=400,
    relayed=20_000,
    peer_relayed=4_000,
    consumed=15_000,
    peer_consumed=3_000,
    captured=30_000,
    backlog_small=10_000,
    backlog_large=200_000,
    history=1_000_000,
    pace_seconds=15,
    polling_peers=3,
    memory=1_000_000,
)
QUICK = Scale(
    "quick",
    rounds=2,
    peer_rounds=1,
    transactions=100,
    relayed=6_000,
    peer_relayed=1_000,
    consumed=5_000,
    peer_consumed=1_000,
    captured=8_000,
    backlog_small=4_000,
    backlog_large=40_000,
    history=200_000,
    pace_seconds=4,
    polling_peers=1,
    memory=0,
)
