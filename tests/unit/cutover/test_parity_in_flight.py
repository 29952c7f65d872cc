"""Events take a moment: what is on its way is no mismatch, and a mismatch among much that is on its way is found."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.db import connection

from strangler.cutover.parity import settling
from strangler.cutover.parity.narrowing import Pair
from strangler.cutover.parity.questions import Digest
from strangler.cutover.parity.settling import settle
from tests.support.waiting import until
from tests.unit.cutover.two_sides import TwoSides, found, kinds, outcome_of

LAG = 0.3
_WRITE = "UPDATE sample_effect SET step = %s WHERE thing = %s"


@pytest.fixture
def sides(settings: Any, transactional_db: None) -> TwoSides:
    sides = TwoSides()
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": sides.settings}}
    return sides


@contextmanager
def writing(sides: TwoSides, things: list[str]) -> Iterator[list[str]]:
    """Somebody writes to the monolith all the time, and the service has it `LAG` later. Yields what was written."""
    stop, written = Event(), list[str]()

    def write() -> None:
        on_the_way: deque[tuple[float, int, str]] = deque()
        choice = random.Random(1)
        with connection.cursor() as ours, psycopg.connect(sides.service.database_url, autocommit=True) as theirs:
            while on_the_way or not stop.is_set():
                if not stop.is_set():
                    thing, step = choice.choice(things), len(written)
                    ours.execute(_WRITE, [step, thing])
                    on_the_way.append((time.monotonic() + LAG, step, thing))
                    written.append(thing)
                while on_the_way and on_the_way[0][0] < time.monotonic():
                    _, step, thing = on_the_way.popleft()
                    theirs.execute(_WRITE, [step, thing])
                stop.wait(0.002)
        connection.close()

    thread = Thread(target=write)
    thread.start()
    try:
        until(lambda: len(written) > 50, "the first writes")
        yield written
    finally:
        stop.set()
        thread.join()


def test_rows_that_are_written_all_the_time_are_no_mismatches(sides: TwoSides) -> None:
    sides.generate(5_000)
    busy = [f"S-{number:07}" for number in range(1, 5_001, 100)]
    sides.copy("UPDATE sample_effect SET step = 100 WHERE thing = 'S-0000002'")
    with writing(sides, busy) as written:
        outcome = outcome_of(grace=2 * LAG)
        assert found(outcome) == kinds(different=["S-0000002"])
        assert set(outcome.in_flight) <= set(written)
    assert found(outcome_of()) == kinds(different=["S-0000002"])
    assert len(set(written)) > 20


def test_rows_on_their_way_are_met_at_all(sides: TwoSides) -> None:
    """Without patience, so that the test before this one says something."""
    sides.generate(5_000)
    with writing(sides, [f"S-{number:07}" for number in range(1, 5_001, 100)]):
        outcome = outcome_of(grace=0)
    assert outcome.traffic.requests > 2, "all was equal at the first look"


class Scripted:
    """Digests of `key`, one look after the other; the last one stays."""

    def __init__(self, *digests: int | None) -> None:
        self._digests = list(digests)

    def look(self, keys: list[str]) -> list[Digest]:
        digest = self._digests.pop(0) if len(self._digests) > 1 else self._digests[0]
        return [] if digest is None else [Digest("key", digest)]


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome"),
    [
        ([1], [2], "mismatch"),
        ([1], [None], "mismatch"),
        ([None], [2], "mismatch"),
        ([1], [1], "equal"),
        ([1], [2, 2, 1], "equal"),
        ([1], [3, 2], "mismatch"),
        ([1], [None, None, 1], "equal"),
        ([1, 3, 4, 5, 6, 7], [2], "in flight"),
        ([1], [3, 4, 5, 6, 7, 8], "in flight"),
        ([1, 1, 3, 3, 3, 3], [2], "mismatch"),
        ([1, 1, 1, 3, 3, 3], [2], "mismatch"),
        ([1, 1, 3, 3, 4, 4], [2], "in flight"),
    ],
)
def test_only_what_nobody_touches_any_more_is_a_mismatch(ours: list[Any], theirs: list[Any], outcome: str) -> None:
    settled = settle({"key": Pair(1, 2)}, Scripted(*ours), Scripted(*theirs), grace=0)  # type: ignore[arg-type]
    said = "mismatch" if settled.mismatches else "in flight" if settled.in_flight else "equal"
    assert said == outcome


def test_each_look_waits_longer_and_the_last_ones_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(settling.time, "sleep", waits.append)
    settle({"key": Pair(1, 2)}, Scripted(1, 2, 3, 4, 5, 6, 7), Scripted(0), grace=0.5)  # type: ignore[arg-type]
    assert waits == [0.5, 1, 2, 2, 2, 2]
