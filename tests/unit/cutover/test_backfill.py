"""Rows that were there before become events of one consumer group; whatever ends it, it goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection, transaction
from django.test import Client

from strangler.brokers import connect
from strangler.conf import settings as strangler_settings
from strangler.cutover.backfilling import Backfill, backfill_state, backfills, is_complete, runs
from strangler.errors import BackfillError
from strangler.messaging import Event
from strangler.outbox.models import OutboxMessage
from strangler.relay.polling import relay_batch
from tests.sample.events import StepTaken
from tests.sample.items import add, add_in_silence, changed
from tests.sample.models import Item
from tests.unit.cutover.backfilled import (
    NAME,
    TOLD_AGAIN,
    Noted,
    applied,
    envelopes,
    run,
    running,
    session,
    tables,
    told,
)

pytestmark = pytest.mark.django_db(transaction=True)


def told_by(monkeypatch: pytest.MonkeyPatch, tell: Any, *, version: int = 1) -> Backfill[Item]:
    """For the rest of the test."""
    made = Backfill(NAME, lambda: Item.objects.prefetch_related("parts"), tell, version)
    monkeypatch.setitem(backfills, NAME, made)
    return made


def all_changed(items: Sequence[Item]) -> Iterable[Event]:
    return [changed(item) for item in items]


def test_each_row_is_told_once_as_it_is_in_the_order_of_the_keys(group: str) -> None:
    items = add_in_silence(60, parts=2)
    assert not is_complete(group, NAME)
    assert "60 of 60 rows (100%)" in run(group, NAME)
    assert told() == [item.number for item in items]
    assert applied(envelopes()) == tables()
    assert {row.routing_key for row in OutboxMessage.objects.all()} == {TOLD_AGAIN}
    assert {envelope.event_type for envelope in envelopes()} == {"sample.item_changed"}
    state = backfill_state(group, NAME)
    assert state is not None
    assert (state.done, state.expected, state.version) == (60, 60, 1)
    assert is_complete(group, NAME)


def test_other_groups_are_not_troubled_by_what_is_told_to_one(group: str) -> None:
    add_in_silence(5)
    broker = connect(strangler_settings.broker_url, exchange=strangler_settings.exchange)
    broker.declare("others", ["sample.item_changed", "sample.item_changed.backfill.others"])
    run(group)
    with broker.publisher() as publisher:
        relay_batch(publisher, using="default", batch_size=100, backoff_max=1.0)
    assert not OutboxMessage.objects.filter(relayed_at=None).exists()
    assert (broker.backlog(group, []), broker.backlog("others", [])) == (5, 0)


def test_what_is_finished_is_told_again_only_when_asked(group: str) -> None:
    add_in_silence(3)
    run(group, NAME)
    assert "nothing to do; --restart tells it again" in run(group, NAME)
    assert len(told()) == 3
    run(group, NAME, "--restart")
    assert len(told()) == 6


def test_a_new_version_tells_everything_again(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_in_silence(3)
    run(group, NAME)
    told_by(monkeypatch, all_changed, version=2)
    assert not is_complete(group, NAME)
    assert "version 1: 3 rows, finished" in run("--status")
    assert "the code has version 2 now" in run("--status", group)
    run(group, NAME)
    assert len(told()) == 6
    assert is_complete(group, NAME)


def test_it_goes_on_where_it_was_stopped(group: str) -> None:
    items = add_in_silence(60)
    running(Noted(stop_after=1)).run()
    state = backfill_state(group, NAME)
    assert state is not None
    assert 0 < state.done < 60
    assert f"{state.done} of 60 rows" in run("--status")
    run(group, NAME)
    assert told() == [item.number for item in items]


def test_of_a_chunk_that_fails_nothing_is_left_and_the_rows_at_fault_are_named(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = add_in_silence(60)
    broken = {"i20"}

    def tell(some: Sequence[Item]) -> Iterable[Event]:
        for item in some:
            if item.number in broken:
                raise ValueError("cannot be told")
            yield changed(item)

    told_by(monkeypatch, tell)
    with pytest.raises(ValueError, match="cannot be told") as failure:
        run(group, NAME)
    assert f"primary keys {items[16].pk} to {items[47].pk}" in failure.value.__notes__[0]
    assert told() == [item.number for item in items[:16]]
    broken.clear()
    run(group, NAME)
    assert told() == [item.number for item in items]


def test_rows_that_are_made_later_tell_of_themselves(group: str) -> None:
    add_in_silence(20)
    running(Noted(stop_after=1)).run()
    Item.objects.create(number="later")
    run(group, NAME)
    assert "later" not in told()


def test_nothing_to_tell_is_told_at_once(group: str) -> None:
    assert "0 of 0 rows (100%)" in run(group, NAME)
    assert is_complete(group, NAME)


def test_what_the_group_does_not_take_is_not_told(group: str, settings: Any) -> None:
    add_in_silence(3)
    settings.STRANGLER = {**settings.STRANGLER, "EXCHANGE": "elsewhere"}
    broker = connect("memory://tests", exchange="elsewhere")
    broker.declare(group, ["sample.item_removed.backfill.copies"])
    run(group, NAME)
    assert envelopes() == []
    assert is_complete(group, NAME)


def test_only_the_rows_asked_for_are_told_again(group: str) -> None:
    items = add_in_silence(30, parts=1)
    run(group, NAME)
    before = backfill_state(group, NAME)
    OutboxMessage.objects.all().delete()
    assert backfills[NAME].tell_again(group, [items[7].pk, 10**9, items[3].pk]) == 2
    assert told() == ["i3", "i7"]
    assert backfill_state(group, NAME) == before
    assert backfills[NAME].tell_again(group, []) == 0


def test_the_rate_is_kept(group: str) -> None:
    add_in_silence(60)
    started = time.monotonic()
    run(group, NAME, "--rate", "100")
    assert time.monotonic() - started > 0.3
    assert len(told()) == 60


def test_an_isolation_level_of_the_project_changes_nothing(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    levels: list[Any] = []

    def tell(items: Sequence[Item]) -> Iterable[Event]:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            levels.append(cursor.fetchone())
        return []

    add_in_silence(1)
    told_by(monkeypatch, tell)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_isolation = 'repeatable read'")
        run(group, NAME)
    finally:
        connection.close()
    assert levels == [("read committed",)]


# --- what is refused


def test_a_group_that_was_never_declared_is_refused_before_anything_is_told(group: str) -> None:
    add_in_silence(1)
    with pytest.raises(
        CommandError, match=r"group 'nobody' takes no event of sample.*consume --group nobody --declare"
    ):
        run("nobody", NAME)
    with pytest.raises(CommandError, match=r"group 'nobody' takes no event of \w+ that is told to it alone"):
        run("nobody")
    with pytest.raises(BackfillError, match="group 'nobody'"):
        backfills[NAME].tell_again("nobody", [1])
    assert envelopes() == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["copies", "sample.nothing"], r"no backfill 'sample.nothing' \(known: .*sample.items"),
        (["Copies", NAME], "consumer group 'Copies': a name takes lower-case letters"),
        (["copies..", NAME], r"sample cannot be told to consumer group 'copies\.\.': routing key"),
        (["c" * 190, NAME], "sample cannot be told to consumer group .* 200 characters at most"),
        ([], "GROUP is needed"),
        (["copies", NAME, "--rate", "-1"], "--rate -1: give rows per second"),
    ],
)
def test_a_mistake_ends_in_a_line_that_names_it(group: str, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*arguments)


def test_without_a_relay_nothing_is_told(group: str, settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "RELAY": "none"}
    with pytest.raises(CommandError, match=r'STRANGLER\["RELAY"\] is "none"'):
        run(group, NAME)


def test_a_context_tells_its_own_events_and_nothing_else(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign(Event, type="orders.order_seen", key="number"):
        number: str

    add_in_silence(1)
    for wrong, said in ((Foreign(number="1"), "told orders.order_seen"), ("i1", "told 'i1': it takes events")):
        told_by(monkeypatch, lambda _, wrong=wrong: [wrong])
        with pytest.raises(CommandError, match=said):
            run(group, NAME)
    told_by(monkeypatch, lambda _: [StepTaken(thing="a", step=1)])
    run(group, NAME)
    assert envelopes() == [], "the group takes no steps"


def test_two_processes_do_not_tell_the_same(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PATIENCE", 0.1)
    add_in_silence(1)
    with session() as other:
        other.execute(runs._LOCK.encode(), [group, NAME])
        with pytest.raises(CommandError, match=r"another process tells sample\.items to 'copies' just now"):
            run(group, NAME)
    run(group, NAME)
    assert told() == ["i0"]


def test_a_run_that_somebody_else_has_moved_is_left_alone_and_nothing_is_told(group: str) -> None:
    add_in_silence(40)

    class Meddling(Noted):
        def moved(self, run: Any) -> None:
            super().moved(run)
            type(run).objects.update(done=7)

    with pytest.raises(BackfillError, match="somebody else has changed the run"):
        running(Meddling()).run()
    assert told() == []


def test_the_admin_shows_runs_and_takes_no_changes(group: str, admin_client: Client) -> None:
    add_in_silence(1)
    run(group, NAME)
    state = backfill_state(group, NAME)
    assert state is not None
    address = "/admin/strangler_cutover/backfillrun/"
    assert NAME in admin_client.get(address).content.decode()
    assert 'name="_save"' not in admin_client.get(f"{address}{state.pk}/change/").content.decode()
    assert admin_client.get(f"{address}add/").status_code == 403
    assert admin_client.post(f"{address}{state.pk}/delete/", {"post": "yes"}).status_code == 403


def test_without_names_the_group_is_told_what_its_service_needs_or_else_all_it_takes(group: str, settings: Any) -> None:
    add_in_silence(1)
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": {"GROUPS": [group], "BACKFILLS": ["sample.no"]}}}
    with pytest.raises(CommandError, match=r"no backfill 'sample.no'"):
        run(group)
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": {"GROUPS": ["other"], "BACKFILLS": ["x.y"]}}}
    run(group)
    assert told() == ["i0"]


def test_an_event_that_has_just_happened_says_nothing_of_a_backfill() -> None:
    add("live", 1)
    row = OutboxMessage.objects.get()
    assert row.routing_key == "sample.item_changed"
    assert "backfill" not in row.payload


def test_rows_are_not_told_again_inside_a_transaction(group: str) -> None:
    (item,) = add_in_silence(1)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        backfills[NAME].tell_again(group, [item.pk])
