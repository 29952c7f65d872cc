"""What `publish()` adds to a transaction: `python -m benchmarks.publish --rounds 5 --transactions 400`.

One process and one connection take turns, transaction by transaction: an order with three lines through the ORM, the
same with one `publish()`, the same with a raw INSERT of that row, the same with `publish_many()` of 100 events, and
with 100 rows in one raw INSERT. A round's figure is the p50 of its transactions.
"""

from __future__ import annotations

import json

from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_most
from benchmarks.harness.samples import Samples
from benchmarks.harness.scale import Scale
from benchmarks.stack import Stack

KEYS = ("publish_overhead_p50", "publish_raw_insert_p50", "publish_many_100_vs_one", "publish_many_100_vs_raw")
FIGURE = "publish, p50 of a transaction"


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    samples = Samples()
    for number in range(scale.rounds):
        tick(f"transactions, round {number + 1} of {scale.rounds}")
        for name, milliseconds in one_round(stack, scale.transactions).items():
            samples.add(name, milliseconds)
    outcome.add_rows(FIGURE, samples, "ms")
    raw = samples.ratio("raw insert", "without")
    target = at_most(max(1.15, round(raw.median + 0.05, 3)))
    note = f"a raw INSERT of the same row: {raw.median:.3f}"
    overhead = samples.ratio("publish", "without")
    outcome.add_ratio("publish_overhead_p50", "a transaction with one publish() / without", overhead, target, note)
    outcome.add_ratio("publish_raw_insert_p50", "a transaction with a raw INSERT of that row / without", raw)
    many = samples.ratio("publish_many 100", "publish")
    outcome.add_ratio(
        "publish_many_100_vs_one", "a transaction with publish_many(100) / with one publish()", many, at_most(2)
    )
    rows = samples.ratio("publish_many 100", "raw insert 100")
    outcome.add_ratio("publish_many_100_vs_raw", "publish_many(100) / 100 rows in one raw INSERT", rows)
    return outcome


def one_round(stack: Stack, transactions: int, *, keep: bool = False) -> dict[str, float]:
    """p50 in milliseconds by kind. `keep`: beside the events that are there, else in an empty outbox."""
    answer = stack.folder / "publish.json"
    with stack.connect() as connection:
        connection.execute("TRUNCATE bench_order, bench_orderline" + ("" if keep else ", strangler_outbox"))
        connection.execute("CHECKPOINT")
    arguments = ["-m", "benchmarks.project.transactions", str(transactions), str(answer)]
    stack.run("transactions", *arguments, env=stack.env)
    if keep:
        with stack.connect() as connection:  # nobody carries them, and no other figure shall
            connection.execute("DELETE FROM strangler_outbox WHERE relayed_at IS NULL")
    return dict(json.loads(answer.read_text(encoding="utf-8")))


if __name__ == "__main__":
    alone(measure, __doc__)
