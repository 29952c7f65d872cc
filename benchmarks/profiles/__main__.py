"""Where the time of a relay and of a consumer goes: `python -m benchmarks.profiles` writes docs/profiles.md.

The contenders and their backlogs are those of `benchmarks.relay` and `benchmarks.consume`, longer. While one works,
py-spy looks at its Python stack a hundred times a second, and the kernel is asked how much processor it and the servers
have had. Needs the peers' environment, and leave to look into other processes: root, or `kernel.yama.ptrace_scope=0`.
"""

from __future__ import annotations

import argparse

from benchmarks import consume
from benchmarks.contenders import RELAYS
from benchmarks.harness.alone import console_of_any_width, progress
from benchmarks.harness.machine import busy, machine
from benchmarks.harness.outcome import Tick
from benchmarks.profiles import page
from benchmarks.profiles.looking import Profile, look, require_py_spy
from benchmarks.relay import contender_drain
from benchmarks.stack import Stack

RELAYED, CONSUMED = 200_000, 40_000
_CONSUMERS = {consume.KIT: "orm", consume.IN_SQL: "sql", consume.BATCHES: "batch"}
_MOVED = "SELECT EXISTS (SELECT FROM bench_stock WHERE moved > 0)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    require_py_spy()
    console = console_of_any_width()
    load = busy()
    with progress(console) as (tick, _), Stack() as stack:
        profiles = [*_relays(stack, tick), *_consumers(stack, tick)]
    page.write(profiles, f"{machine()}, {load}")
    console.print(page.tables(profiles))


def _relays(stack: Stack, tick: Tick) -> list[Profile]:
    seen = stack.new_queue()
    found = []
    for relay in RELAYS:
        tick(f"profile: {relay.name}")
        measure = contender_drain(stack, RELAYED, relay)
        stack.queue.empty()
        found.append(look(stack, relay.name, measure, begun=lambda: seen.count() > 0))
    return found


def _consumers(stack: Stack, tick: Tick) -> list[Profile]:
    measures = {consume.BARE: consume.bare(stack, CONSUMED)}
    measures |= {name: consume.kit(stack, CONSUMED, handler=handler) for name, handler in _CONSUMERS.items()}
    found = []
    with stack.connect() as connection:
        for name, measure in measures.items():
            tick(f"profile: {name}")
            connection.execute("UPDATE bench_stock SET moved = 0")
            moved = lambda: bool(connection.execute(_MOVED).fetchall()[0][0])  # noqa: E731
            found.append(look(stack, name, measure, begun=moved))
    return found


if __name__ == "__main__":
    main()
