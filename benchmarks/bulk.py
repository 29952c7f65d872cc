"""What a bulk operation costs that tells of its rows: `python -m benchmarks.bulk --rounds 5`. Not part of `make bench`.

1 000 rows at once, one event each, in one process: Django's own operation, the same by a `PublishingQuerySet`, an
update that is told by hand (lock, update, publish_many), and one row by row.
"""

from __future__ import annotations

import json

from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_most
from benchmarks.harness.samples import Samples
from benchmarks.harness.scale import Scale
from benchmarks.stack import Stack

ROWS = 1_000
FIGURE = f"{ROWS} rows in one operation"
KEYS = ("bulk_create_told", "update_told", "delete_told", "update_told_vs_by_hand", "update_row_by_row")


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    samples, outcome = Samples(), Outcome()
    for number in range(scale.rounds):
        tick(f"bulk operations, round {number + 1} of {scale.rounds}")
        for name, seconds in one_round(stack).items():
            samples.add(name, 1000 * seconds)
    outcome.add_rows(FIGURE, samples, "ms")
    for kind in ("bulk_create", "update", "delete"):
        ratio = samples.ratio(f"{kind}, told", kind)
        outcome.add_ratio(f"{kind}_told", f"{kind}() of a PublishingQuerySet / Django's, which tells nobody", ratio)
    by_hand = samples.ratio("update, told", "update, told by hand")
    outcome.add_ratio("update_told_vs_by_hand", "update() of a PublishingQuerySet / by hand", by_hand, at_most(1))
    outcome.add_ratio(
        "update_row_by_row", "save() and publish() / a row of it", samples.ratio("update, row by row", "update, told")
    )
    return outcome


def one_round(stack: Stack) -> dict[str, float]:
    answer = stack.folder / "bulk.json"
    with stack.connect() as connection:
        connection.execute("TRUNCATE bench_order, bench_orderline, strangler_outbox")
        connection.execute("CHECKPOINT")
    stack.run("bulk", "-m", "benchmarks.project.bulk", str(ROWS), str(answer), env=stack.env)
    return dict(json.loads(answer.read_text(encoding="utf-8")))


if __name__ == "__main__":
    alone(measure, __doc__)
