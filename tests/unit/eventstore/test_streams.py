"""A stream: what is appended is its state, and two who decide on the same version are never both right."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from strangler.errors import ConcurrencyConflict, EventStoreError, NotInTransaction, UnreadableEvent
from strangler.eventstore.models import StreamEvent, StreamSnapshot
from strangler.messaging import working_for_request
from strangler.outbox import publish
from tests.sample.events import StepTaken
from tests.sample.streams import Account, Opened, Withdrawn, accounts, notes
from tests.support.at_once import at_once
from tests.unit.eventstore.conftest import append, deposit, record, sql

pytestmark = pytest.mark.django_db


def test_what_was_appended_is_the_state() -> None:
    assert accounts.load("a").version == 0
    assert append("a", Opened(account="a", owner="Ada"), deposit("a", 5)) == 2
    assert append("a", Withdrawn(account="a", amount=Decimal(2))) == 3
    found = accounts.load("a")
    assert (found.version, found.state) == (3, Account(owner="Ada", balance=Decimal(3), moves=2))


def test_the_history_says_when_and_why() -> None:
    with working_for_request("conversation-1"):
        append("a", Opened(account="a"), deposit("a", 5))
    opened, deposited = accounts.history("a")
    assert (opened.stream, opened.version, deposited.version) == ("account-a", 1, 2)
    assert deposited.event == deposit("a", 5)
    assert (deposited.correlation_id, deposited.causation_id) == ("conversation-1", "")
    assert deposited.recorded_at.tzinfo is not None
    assert opened.position < deposited.position
    assert accounts.history("a", after=1) == [deposited]


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_an_append_to_another_version_than_was_expected_is_refused_and_the_transaction_goes_on(expected: int) -> None:
    append("a", deposit("a"), deposit("a"))
    with transaction.atomic():
        with pytest.raises(ConcurrencyConflict, match=f"account-a is at version 2, and {expected} was") as conflict:
            accounts.append("a", [deposit("a"), deposit("a")], expected=expected)
        assert (conflict.value.expected, conflict.value.actual) == (expected, 2)
        accounts.append("a", [deposit("a")], expected=2)
    assert [each.version for each in accounts.history("a")] == [1, 2, 3]


def test_several_streams_are_appended_to_together_or_not_at_all() -> None:
    append("b")
    with transaction.atomic():
        with pytest.raises(ConcurrencyConflict, match="account-b is at version 1"):
            accounts.append_many({"a": (0, [deposit("a")]), "b": (0, [deposit("b")])})
        assert accounts.append_many({"a": (0, [deposit("a"), deposit("a")]), "b": (1, [deposit("b")]), "c": (7, [])})
    assert {key: found.version for key, found in accounts.load_many("abc").items()} == {"a": 2, "b": 2, "c": 0}
    order = StreamEvent.objects.order_by("position").values_list("key", "version")
    assert list(order) == [("b", 1), ("a", 1), ("a", 2), ("b", 2)]


def test_a_decision_of_nothing_costs_nothing() -> None:
    with transaction.atomic():
        assert accounts.append("a", [], expected=4) == 4
    assert StreamEvent.objects.count() == 0


def test_streams_and_outbox_are_written_in_one_transaction() -> None:
    with transaction.atomic():
        accounts.append("a", [deposit("a")], expected=0)
        publish(StepTaken(thing="a", step=1))
        transaction.set_rollback(True)
    assert sql("SELECT count(*) FROM strangler_outbox") == [(0,)]
    assert accounts.load("a").version == 0


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_appended() -> None:
    with pytest.raises(NotInTransaction, match="'account' outside a transaction"):
        accounts.append("a", [deposit("a")], expected=0)


def test_an_event_of_another_stream_or_aggregate_is_refused() -> None:
    with transaction.atomic():
        with pytest.raises(EventStoreError, match=r"takes no StepTaken \(known: Deposited, Opened, Withdrawn\)"):
            accounts.append("a", [StepTaken(thing="a", step=1)], expected=0)
        with pytest.raises(EventStoreError, match="about account 'b', and cannot be appended to 'a'"):
            accounts.append("a", [deposit("b")], expected=0)
        with pytest.raises(EventStoreError, match="1 to 255 characters"):
            accounts.append("", [deposit("")], expected=0)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE strangler_stream_event SET data = '{}'", "DELETE FROM strangler_stream_event WHERE key = 'a'"],
)
def test_what_was_recorded_is_never_changed(statement: str) -> None:
    append("a")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(statement)
    assert accounts.load("a").state.balance == 1


def test_old_events_are_upcast_when_they_are_read() -> None:
    record("account", "a", 1, "sample.account_deposited.v1", '{"account": "a", "cents": 250}')
    (old,) = accounts.history("a")
    assert old.event == deposit("a", "2.5").model_copy(update={"reason": "unknown"})
    assert accounts.load("a").state.balance == Decimal("2.5")


@pytest.mark.parametrize(
    ("wire_type", "data", "said"),
    [
        ("sample.account_closed.v1", "{}", r"sample.account_closed.v1, which EventStream\('account'\) does not know"),
        ("sample.account_deposited.v4", "{}", "v4 is newer than v3"),
        ("sample.account_deposited.v3", '{"account": "a", "reason": ""}', "amount: Field required. Give new fields"),
    ],
)
def test_what_the_code_cannot_read_is_named_with_the_way_out(wire_type: str, data: str, said: str) -> None:
    record("account", "a", 1, wire_type, data)
    with pytest.raises(UnreadableEvent, match=f"event 1 of stream account-a is {said.replace(' v4', ' .*v4')}|{said}"):
        accounts.load("a")


def test_the_past_is_read_as_of_a_version_or_a_time() -> None:
    for amount in range(1, 25):
        append("a", deposit("a", amount))
    past = accounts.history("a")
    assert accounts.load("a", version=3).state.balance == 6
    assert accounts.load("a", version=99).version == 24
    assert accounts.load("a", as_of=past[11].recorded_at).version == 12
    assert accounts.load("a", as_of=datetime(2020, 1, 1, tzinfo=UTC)).version == 0
    assert accounts.load("a", version=0).state == Account()
    with pytest.raises(EventStoreError, match="no time zone"):
        accounts.load("a", as_of=datetime(2020, 1, 1))


def test_a_clock_that_is_put_back_leaves_no_hole_in_the_past() -> None:
    for version, moment in enumerate(("12:00", "12:10", "12:05"), 1):
        record("account", "a", version, "sample.account_opened.v1", '{"account": "a"}', at=f"2026-01-01 {moment}Z")
    assert accounts.load("a", as_of=datetime(2026, 1, 1, 12, 7, tzinfo=UTC)).version == 1


@pytest.mark.django_db(transaction=True)
def test_of_rivals_who_decide_on_the_same_version_one_is_right() -> None:
    append("a")
    versions, refused = at_once(
        [lambda: append("a", deposit("a"), deposit("a"), expected=1)] * 6, expected=ConcurrencyConflict
    )
    assert versions == [3]
    assert {(conflict.expected, conflict.actual) for conflict in refused} == {(1, 3)}  # type: ignore[attr-defined]
    assert [each.version for each in accounts.history("a")] == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_rival_that_recorded_fewer_events_leaves_no_stray_one_of_the_other() -> None:
    def longer() -> int:
        with transaction.atomic():
            try:
                return accounts.append("a", [deposit("a")] * 3, expected=0)
            except ConcurrencyConflict:
                return accounts.append("a", [deposit("a", 7)], expected=accounts.load("a").version)

    at_once([lambda: append("a", expected=0), longer], expected=ConcurrencyConflict)
    versions = [each.version for each in accounts.history("a")]
    assert versions in ([1, 2], [1, 2, 3])


def test_a_stream_without_snapshots_has_none() -> None:
    from tests.sample.streams import Noted

    with transaction.atomic():
        notes.append("n", [Noted(note="n", text=str(number)) for number in range(200)], expected=0)
    assert StreamSnapshot.objects.count() == 0
    assert len(notes.load("n").state.texts) == 200
