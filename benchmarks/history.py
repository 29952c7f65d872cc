"""Whether cost grows with what was handled: `python -m benchmarks.history --history 1000000`.

Two databases on one server take turns: one is new, in the other that many events were carried and as many messages
handled. What is measured in them is what the other figures measure.
"""

from __future__ import annotations

from benchmarks import consume, publish
from benchmarks.contenders import POLLING
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Ratio, Tick, at_least
from benchmarks.harness.samples import Measure, Samples, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.project.filling import fill_history, fill_outbox
from benchmarks.relay import drain
from benchmarks.stack import Stack

KEYS = ("history_1m_vs_0",)
FIGURES = ("relay", "consumer", "publish")
TARGET = at_least(0.95)


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    tick(f"filling a history of {scale.history:,}")
    old = Stack("bench_history", beside=stack)
    with old.connect() as connection:
        fill_history(connection, scale.history)
    new = Stack("bench_new", beside=stack)
    contenders: dict[str, Measure] = {}
    for name, each in (("old", old), ("new", new)):
        contenders |= {f"{figure}, {name}": _measure(figure, each, scale) for figure in FIGURES}
    samples = take_turns(contenders, scale.history_rounds, tick)
    return _outcome(samples, scale.history)


def _measure(figure: str, stack: Stack, scale: Scale) -> Measure:
    if figure == "publish":
        return lambda: 1000 / publish.one_round(stack, scale.transactions, keep=True)["publish"]
    if figure == "consumer":
        return consume.kit(stack, scale.consumed, keep=True)

    def fill() -> None:
        with stack.connect() as connection:
            fill_outbox(connection, scale.relayed, keep=True)

    return drain(stack, scale.relayed, fill, lambda: POLLING.start(stack))


def _outcome(samples: Samples, history: int) -> Outcome:
    outcome = Outcome()
    outcome.add_rows(f"with {history:,} handled", samples, "per second")
    ratios = []
    for figure in FIGURES:
        title = f"{figure}: speed with {history:,} handled rows / with none"
        ratio = samples.ratio(f"{figure}, old", f"{figure}, new")
        ratios.append(Ratio(f"history_1m_vs_0_{figure}", title, ratio, TARGET))
    worst = min(ratios, key=lambda ratio: ratio.spread.median if ratio.spread else 0)
    outcome.add_ratio("history_1m_vs_0", f"the worst of the {len(ratios)} below", worst.spread, TARGET, worst.title)
    outcome.ratios += ratios
    return outcome


if __name__ == "__main__":
    alone(measure, __doc__)
