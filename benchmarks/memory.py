"""Whether memory grows with the number of events: `python -m benchmarks.memory --memory 1000000`.

Relay and consumer are one process each from the first event to the last. Events come in portions, so that neither the
outbox nor the queue is ever long; the resident set is looked at after each portion. The first tenth, in which caches
fill, is not counted.
"""

from __future__ import annotations

import psutil
from psycopg import Connection

from benchmarks.contenders import POLLING
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_most
from benchmarks.harness.samples import Samples, Spread
from benchmarks.harness.scale import Scale
from benchmarks.project.filling import empty_stock, fill_outbox
from benchmarks.stack import GROUP, Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

KEYS = ("memory_growth_mb_relay", "memory_growth_mb_consumer")
PORTIONS = 50
WARM = PORTIONS // 10
MEGABYTE = 2**20
_MOVED = "SELECT coalesce(sum(moved), 0) FROM bench_stock"
_WHAT = "megabytes that the {} grew by in {:,} events"


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    target = at_most(5)
    if not scale.memory:
        for name in ("relay", "consumer"):
            why = "only a full run takes the time (--memory 1000000)"
            outcome.not_measured(f"memory_growth_mb_{name}", f"megabytes that the {name} grew by", why, target)
        return outcome
    samples = _sizes(stack, scale.memory, tick)
    outcome.add_rows(f"resident set over {scale.memory:,} events", samples, "MB")
    for name, sizes in samples.values.items():
        growth = grown(sizes)
        outcome.add_ratio(f"memory_growth_mb_{name}", _WHAT.format(name, scale.memory), growth, target)
    return outcome


def grown(sizes: list[float]) -> Spread:
    """From the first size after the warm-up to the last; between the smallest and the largest since."""
    start, rest = sizes[WARM], sizes[WARM:]
    return Spread(rest[-1] - start, min(rest) - start, max(rest) - start)


def _sizes(stack: Stack, events: int, tick: Tick) -> Samples:
    stack.queue.empty()
    samples = Samples()
    with stack.connect() as connection:
        empty_stock(connection)
        processes = {"relay": POLLING.start(stack), "consumer": stack.manage("consume", "--group", GROUP)}
        try:
            for portion in range(PORTIONS):
                tick(f"memory, {portion * events // PORTIONS:,} of {events:,} events")
                fill_outbox(connection, events // PORTIONS, keep=portion > 0)
                _until_handled(connection, processes, (portion + 1) * (events // PORTIONS))
                for name, process in processes.items():
                    samples.add(name, psutil.Process(process.pid).memory_info().rss / MEGABYTE)
        finally:
            for process in processes.values():
                end(process)
    return samples


def _until_handled(connection: Connection, processes: dict[str, ManagedProcess], events: int) -> None:
    def handled() -> bool:
        for process in processes.values():
            assert process.running, f"{process.name} ended:\n{process.tail()}"
        return int(connection.execute(_MOVED).fetchall()[0][0]) >= events

    until(handled, f"{events:,} events to be handled", seconds=900)


if __name__ == "__main__":
    alone(measure, __doc__)
