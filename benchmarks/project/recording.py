"""`python -m benchmarks.project.recording EVENTS ANSWER`: seconds that events take, by how they are recorded."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from pydantic import BaseModel, ConfigDict  # noqa: E402

from benchmarks.project.events import Moved  # noqa: E402
from strangler.eventstore import EventStream, Recorded  # noqa: E402
from strangler.eventstore.projecting import Projection  # noqa: E402
from strangler.eventstore.projector import Projector  # noqa: E402
from strangler.messaging.sealing import to_json  # noqa: E402

TOGETHER = 100


class Account(BaseModel):
    model_config = ConfigDict(frozen=True)

    balance: int = 0


def evolve(state: Account, event: Moved) -> Account:
    return Account(balance=state.balance + event.amount)


accounts = EventStream("account", state=Account, evolve=evolve, events=(Moved,), snapshot_every=0)
_INSERT = "INSERT INTO bench_event (key, version, type, data) VALUES (%s, %s, %s, %s)"


def main(events: int, answer: Path) -> None:
    _measure("warm", TOGETHER)  # caches, connection
    gc.freeze()
    answer.write_text(json.dumps(_measure("", events)), encoding="utf-8")


def _measure(prefix: str, events: int) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE strangler_stream_event, strangler_projection")
        cursor.execute("DROP TABLE IF EXISTS bench_event")
        cursor.execute(
            "CREATE TABLE bench_event (position bigserial PRIMARY KEY, key text, version int, type text, data text, "
            "recorded_at timestamptz DEFAULT now(), UNIQUE (key, version))"
        )
    moved = [Moved(account=f"{prefix}{number}", amount=number, reason="a benchmark") for number in range(events)]
    groups = [moved[start : start + TOGETHER] for start in range(0, events, TOGETHER)]
    kinds: dict[str, Callable[[], object]] = {
        "INSERT, one in a transaction": lambda: [_insert([event], 1) for event in moved],
        "append(), one in a transaction": lambda: [_append([event], 0) for event in moved],
        f"INSERT, {TOGETHER} in a transaction": lambda: [_insert(group, 2) for group in groups],
        f"append_many(), {TOGETHER} in a transaction": lambda: [_append(group, 1) for group in groups],
        "SELECT, 500 at a time": _select,
        "a projection that does nothing": _project,
    }
    return {name: _seconds(work) for name, work in kinds.items()}


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


@transaction.atomic
def _insert(events: Sequence[Moved], version: int) -> None:
    rows = [(event.account, version, event.wire_type(), to_json(event.model_dump(mode="json"))) for event in events]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


@transaction.atomic
def _append(events: Sequence[Moved], expected: int) -> None:
    accounts.append_many({event.account: (expected, [event]) for event in events})


def _select() -> None:
    """By position, which skips what is committed late."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT position, data FROM bench_event WHERE position > %s ORDER BY position LIMIT 500", [last]
            )
            rows = cursor.fetchall()
        if not rows:
            return
        last = max(position for position, _ in rows)
        for _, data in rows:
            Moved.model_validate_json(data)


def _project() -> None:
    projector = Projector(Projection("nothing", (accounts,), _nothing, _nothing_to_reset), using="default")
    projector.begin_anew()
    while projector.step():
        pass


def _nothing(recorded: Sequence[Recorded]) -> None: ...


def _nothing_to_reset() -> None: ...


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
