"""Live traffic comes first: it waits for nobody, is waited for, and never ends a deadlock."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import isolate_apps
from django.utils import timezone

from strangler.cutover.backfilling import backfill_state, backfills, pace, runs, teller
from strangler.cutover.backfilling.audience import audience_of
from strangler.cutover.backfilling.chunk import Chunk, _lock, short_transaction
from strangler.cutover.backfilling.pace import FIRST_AT_ONCE, HOLD_SECONDS, MOST_AT_ONCE, Pace
from strangler.cutover.backfilling.teller import Teller
from strangler.cutover.models import BackfillRun
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepTaken
from tests.sample.items import add_in_silence
from tests.sample.models import Item, Part
from tests.support.waiting import until
from tests.unit.cutover.backfilled import (
    GROUP,
    NAME,
    TOLD_AGAIN,
    Noted,
    hold,
    run,
    running,
    session,
    somebody_waits,
    told,
    without_waiting,
)

pytestmark = pytest.mark.django_db(transaction=True)


def a_teller(noted: Noted) -> Teller:
    told = backfills[NAME]
    audience = audience_of(GROUP, told.context)
    return Teller(told, audience, using="default", pace=Pace(), stop=noted.stop, report=noted)


def next_chunk(teller: Teller, run: BackfillRun) -> Chunk | None:
    return teller.next(*runs.remaining(backfills[NAME], run, using="default"), lambda _: None)


def test_rows_before_one_that_is_held_are_told_without_waiting(group: str) -> None:
    items = add_in_silence(10)
    noted = Noted()
    state = runs.begun(backfills[NAME], group, restart=False, using="default")
    with session() as other:
        hold(other, "i5")
        with without_waiting():
            assert next_chunk(a_teller(noted), state) == Chunk(items[4].pk, 5, cut=True)
    assert told() == ["i0", "i1", "i2", "i3", "i4"]


def test_nothing_is_held_while_one_row_is_waited_for(group: str) -> None:
    items = add_in_silence(10)
    with session() as live, session() as third:
        hold(live, "i5")
        noted = Noted()
        worker = Thread(target=lambda: (running(noted).run(), connection.close()))
        worker.start()
        until(somebody_waits, "the backfill to wait")
        for number in ("i0", "i4", "i6", "i9"):
            hold(third, number)
        third.rollback()
        live.rollback()
        worker.join(60)
    assert told() == [item.number for item in items]


def test_a_live_transaction_that_locks_the_other_way_round_is_never_the_victim(group: str) -> None:
    items = add_in_silence(40)
    noted = Noted()
    worker = Thread(target=lambda: (running(noted).run(), connection.close()))
    with session() as live:
        live.execute("SELECT id FROM sample_item WHERE number = 'i39' FOR UPDATE")
        worker.start()
        for item in reversed(items[:39]):
            live.execute("SELECT id FROM sample_item WHERE id = %s FOR UPDATE", [item.pk])
        live.commit()
    worker.join(60)
    assert told() == [item.number for item in items]


def test_a_migration_in_the_way_is_given_way_to(group: str) -> None:
    """It holds a table that the backfill comes to with locks in hand, and wants the rows' own table."""
    items = add_in_silence(5, parts=1)
    noted = Noted()
    worker = Thread(target=lambda: (running(noted).run(), connection.close()))
    with session() as migration:
        migration.execute("LOCK TABLE sample_part IN ACCESS EXCLUSIVE MODE")
        worker.start()
        until(somebody_waits, "the backfill to wait")
        migration.execute("LOCK TABLE sample_item IN ACCESS EXCLUSIVE MODE")
        migration.commit()
    worker.join(60)
    assert told() == [item.number for item in items]
    assert Part.objects.count() == 5


@isolate_apps("tests.sample")
def test_a_row_that_stands_in_several_tables_is_locked_in_each() -> None:
    class Special(Item):
        class Meta:
            app_label = "sample"

    items = add_in_silence(4)
    keys = [item.pk for item in items]
    with connection.schema_editor() as editor:
        editor.create_model(Special)
    try:
        for key in keys:
            Special(item_ptr_id=key).save_base(raw=True)
        with session() as live, short_transaction("default"):
            hold(live, "i1")
            live.execute("SELECT 1 FROM sample_special WHERE item_ptr_id = %s FOR UPDATE", [keys[2]])
            assert _lock(Special, keys, "default") == {keys[0], keys[3]}
            with session() as other, pytest.raises(psycopg.errors.LockNotAvailable):
                hold(other, "i0")
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Special)


def test_a_row_that_is_held_for_long_is_named(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    items = add_in_silence(2)
    monkeypatch.setattr(teller, "_LONG_SECONDS", 0.0)
    noted = Noted()
    with session() as live:
        hold(live, "i1")
        worker = Thread(target=lambda: (running(noted).run(), connection.close()))
        worker.start()
        until(lambda: noted.reasons, "a reason")
        live.rollback()
        worker.join(60)
    assert f"the row behind primary key {items[0].pk} has been out of reach for 0 s" in noted.reasons[0]
    assert "lock timeout" in noted.reasons[-1]


# --- the outbox


class Relaying(Noted):
    """Carries everything as soon as the backfill waits for that, and remembers the most that had to be carried."""

    most = 0

    def waits(self, reason: str) -> None:
        super().waits(reason)
        self.most = max(self.most, OutboxMessage.objects.filter(relayed_at=None).count())
        OutboxMessage.objects.update(relayed_at=timezone.now())


def test_it_waits_while_the_outbox_is_full(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAX_WAITING", 20)
    monkeypatch.setattr(pace, "MOST_AT_ONCE", 10)
    add_in_silence(200)
    relaying = Relaying()
    running(relaying).run()
    assert len(told()) == 200
    assert len(relaying.reasons) >= 5
    assert "20 or more events in the outbox wait to be carried" in relaying.reasons[0]
    assert relaying.most <= 20 + 10


def test_it_waits_for_a_relay_that_is_behind(group: str) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="old", step=1))
    OutboxMessage.objects.update(created_at=timezone.now() - timedelta(seconds=30))
    add_in_silence(3)
    relaying = Relaying()
    running(relaying).run()
    assert "the oldest for 30 s" in relaying.reasons[0]
    assert len(told()) == 3


def test_what_the_broker_refused_long_ago_keeps_nobody(group: str) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="old", step=1))
    long_ago = timezone.now() - timedelta(days=1)
    OutboxMessage.objects.update(created_at=long_ago, retry_at=long_ago, last_error="no queue takes it")
    add_in_silence(3)
    run(group, NAME)
    assert len(told()) == 3


def test_it_waits_while_the_broker_refuses_what_was_told(group: str) -> None:
    add_in_silence(40)
    running(Noted(stop_after=1)).run()
    OutboxMessage.objects.update(retry_at=timezone.now(), last_error="no queue takes it")
    relaying = Relaying()
    running(relaying).run()
    assert relaying.reasons == [f"the broker refuses what was told: {TOLD_AGAIN}: no queue takes it"]
    assert len(told()) == 40


def test_a_wait_ends_when_it_is_told_to_stop(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MAX_WAITING", 1)
    add_in_silence(40)

    class Stopping(Noted):
        def waits(self, reason: str) -> None:
            self.stop.set()

    running(Stopping()).run()
    state = backfill_state(group, NAME)
    assert state is not None
    assert (state.done, state.finished_at) == (FIRST_AT_ONCE, None)


# --- how many at once


def chunk(rows: int, *, cut: bool = False) -> Chunk:
    return Chunk(rows, rows, cut)


def test_chunks_grow_while_they_are_short_and_shrink_when_they_hold_rows_for_long() -> None:
    pace_ = Pace()
    sizes = [pace_.size]
    for seconds in [0.01] * 6 + [HOLD_SECONDS * 2, HOLD_SECONDS * 0.7, HOLD_SECONDS * 2]:
        pace_.took(chunk(pace_.size), seconds)
        sizes.append(pace_.size)
    assert sizes == [16, 32, 64, 128, 256, MOST_AT_ONCE, MOST_AT_ONCE, 250, 250, 125]
    pace_.took(chunk(5, cut=True), 0.01)
    assert pace_.size == 1
    pace_.give_way()
    assert pace_.size == 1


@pytest.mark.parametrize(("rate", "most"), [(1, 1), (100, 50), (100_000, MOST_AT_ONCE)])
def test_a_slow_rate_is_many_small_chunks(rate: int, most: int) -> None:
    pace_ = Pace(rate)
    for _ in range(10):
        pace_.took(chunk(1), 0.0)
    assert pace_.size == most


def test_time_that_was_lost_is_not_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it would run unthrottled after an outage."""
    now = [100.0]
    waited: list[float] = []

    class Clock(Event):
        def wait(self, timeout: Any = None) -> bool:
            waited.append(timeout)
            return False

    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    pace_ = Pace(100)
    now[0] += 60
    pace_.took(chunk(50), 0.0)
    pace_.wait(Clock())
    assert waited == [pytest.approx(0.5)]
