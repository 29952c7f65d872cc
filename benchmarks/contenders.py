"""The relays that are measured everywhere: the bare loop first, then the kit's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from psycopg import Connection

from benchmarks.harness.outcome import Target, at_least
from benchmarks.project.filling import fill_bare_outbox, fill_outbox
from benchmarks.stack import Stack
from devstack.processes import ManagedProcess


@dataclass(frozen=True)
class Contender:
    """`setting`: `STRANGLER["RELAY"]`; the bare loop has none.

    `reads_log`: and says `relay_streams` once it does.
    """

    name: str
    fill: Callable[[Connection, int], None]
    setting: str | None = None
    target: Target | None = None
    tables: tuple[str, ...] = ("strangler_outbox",)
    reads_log: bool = False

    def start(self, stack: Stack) -> ManagedProcess:
        if self.setting is None:
            return stack.start("bare-relay", "-m", "benchmarks.bare.relay", env=stack.env)
        return stack.manage("relay", env={"RELAY": self.setting})

    def load(self, stack: Stack, rate: float, seconds: float, file: Path) -> ManagedProcess:
        module = "benchmarks.bare.load" if self.setting is None else "benchmarks.project.load"
        return stack.start("load", "-m", module, f"{rate:g}", f"{seconds:g}", str(file), env=stack.env)

    def empty(self, stack: Stack) -> None:
        with stack.connect() as connection:
            connection.execute(f"TRUNCATE {', '.join(self.tables)}")


BARE = Contender("bare loop", fill_bare_outbox, tables=("bare_outbox",))
POLLING = Contender("polling relay", fill_outbox, "polling", at_least(0.85))
STREAM = Contender("stream relay", fill_outbox, "stream", at_least(0.9), reads_log=True)
DEBEZIUM = Contender("Debezium relay", fill_outbox, "debezium", reads_log=True)
RELAYS = (BARE, POLLING, STREAM)
