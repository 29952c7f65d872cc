"""What a stream costs beside a bare table: `python -m benchmarks.streams --rounds 5`. Not part of `make bench`.

1 000 events, one in a transaction and a hundred together: an INSERT into a table with an index of streams and versions,
which compares no expected version, beside `append()`. And all of them read on: by position, which skips what is
committed late, beside a projection that does nothing.
"""

from __future__ import annotations

import json

from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick
from benchmarks.harness.samples import Samples
from benchmarks.harness.scale import Scale
from benchmarks.stack import Stack

EVENTS = 1_000
FIGURE = f"{EVENTS} events"
KEYS = ("append_vs_insert", "append_many_vs_insert", "project_vs_select")
_RATIOS = (
    ("append_vs_insert", "append(), one in a transaction", "INSERT, one in a transaction"),
    ("append_many_vs_insert", "append_many(), 100 in a transaction", "INSERT, 100 in a transaction"),
    ("project_vs_select", "a projection that does nothing", "SELECT, 500 at a time"),
)


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    samples, outcome = Samples(), Outcome()
    for number in range(scale.rounds):
        tick(f"streams, round {number + 1} of {scale.rounds}")
        for name, seconds in one_round(stack).items():
            samples.add(name, 1000 * seconds)
    outcome.add_rows(FIGURE, samples, "ms")
    for key, ours, bare in _RATIOS:
        outcome.add_ratio(key, f"{ours} / {bare}", samples.ratio(ours, bare))
    return outcome


def one_round(stack: Stack) -> dict[str, float]:
    answer = stack.folder / "streams.json"
    with stack.connect() as connection:
        connection.execute("CHECKPOINT")
    stack.run("streams", "-m", "benchmarks.project.recording", str(EVENTS), str(answer), env=stack.env)
    return dict(json.loads(answer.read_text(encoding="utf-8")))


if __name__ == "__main__":
    alone(measure, __doc__)
