"""The same comparison for relays and for consumers: ours with the best peer, and each peer with the bare loop."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.harness.outcome import Outcome, Target
from benchmarks.harness.samples import Samples
from benchmarks.peers.environment import Peer


def with_the_best(
    outcome: Outcome, samples: Samples, peers: Sequence[Peer], *, ours: str, key: str, title: str, target: Target | None
) -> None:
    names = [peer.name for peer in peers if peer.name not in samples.failed]
    if not names:
        outcome.not_measured(key, title, "every one of them failed", target)
        return
    best = samples.best(names)
    outcome.add_ratio(key, title, samples.ratio(ours, best), target, note=f"the best is {best}")


def each_with_bare(outcome: Outcome, samples: Samples, peers: Sequence[Peer], bare: str, key: str) -> None:
    """Keys are `key:peer`."""
    for name in [peer.name for peer in peers]:
        whole, title = f"{key}:{name}", f"{name} / {bare}"
        if name in samples.failed:
            outcome.not_measured(whole, title, samples.failed[name])
        else:
            outcome.add_ratio(whole, title, samples.ratio(name, bare))
