"""A snapshot is a shortcut: with it, without it or with one that is of no use, the state is the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, field_validator

from strangler.errors import EventStoreError
from strangler.eventstore import EventStream
from strangler.eventstore.loading import replay
from strangler.eventstore.models import StreamSnapshot
from strangler.messaging import Event
from tests.sample.streams import Account, Noted, Notes, Opened, Withdrawn, accounts, evolve, write_down
from tests.unit.eventstore.conftest import append, deposit, sql

pytestmark = pytest.mark.django_db

amounts = st.decimals(Decimal("0.01"), Decimal("999.99"), places=2)
moves = st.one_of(
    st.builds(Opened, account=st.just("a"), owner=st.text(max_size=5)),
    st.builds(deposit, st.just("a"), amounts.map(str)),
    st.builds(Withdrawn, account=st.just("a"), amount=amounts),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(moves, min_size=1, max_size=15), min_size=1, max_size=6))
def test_load_is_a_full_replay_at_every_version(appends: list[list[Event]]) -> None:
    with transaction.atomic():
        states = [Account()]
        for events in appends:
            accounts.append("a", events, expected=len(states) - 1)
            for event in events:
                states.append(evolve(states[-1], event))  # type: ignore[arg-type]
            found = accounts.load("a")
            assert (found.version, found.state) == (len(states) - 1, states[-1])
        assert replay(accounts, ["a"])["a"] == found
        snapshots = StreamSnapshot.objects.values_list("version", flat=True)
        assert (len(states) > 10) == bool(snapshots)
        for version in range(0, len(states), 6):
            assert accounts.load("a", version=version).state == states[version]
        transaction.set_rollback(True)


def test_a_snapshot_spares_reading_what_is_in_it() -> None:
    for _ in range(23):
        append("a")
    assert StreamSnapshot.objects.get().version == 20
    sql("UPDATE strangler_stream_snapshot SET state = replace(state, '20', '1000')")
    assert accounts.load("a").state.balance == 1003
    assert replay(accounts, ["a"])["a"].state.balance == 23


@pytest.mark.parametrize("change", ["snapshot_version", "model"])
def test_a_snapshot_of_other_code_is_ignored_and_replaced(change: str) -> None:
    for _ in range(10):
        append("a")
    newer = _declared_anew(snapshot_version=2) if change == "snapshot_version" else _declared_anew(state=Wider)
    assert newer.load("a").state.balance == 10
    with transaction.atomic():
        newer.append("a", [deposit("a")] * 10, expected=10)
    assert StreamSnapshot.objects.get().shape == newer.shape != accounts.shape
    assert accounts.load("a").state == replay(accounts, ["a"])["a"].state


def test_a_snapshot_that_cannot_be_read_is_no_reason_to_fail() -> None:
    for _ in range(12):
        append("a")
    sql("UPDATE strangler_stream_snapshot SET state = '{\"moves\": []}'")
    assert accounts.load("a").state.balance == 12
    assert accounts.load_many("ab")["a"].version == 12


def test_a_state_that_would_come_back_as_another_is_refused_before_it_does_harm() -> None:
    shouting = _declared_anew(state=Shouting, evolve=_shout, events=(Noted,), snapshot_every=1, category="note")
    with transaction.atomic(), pytest.raises(EventStoreError, match="Shouting does not survive JSON"):
        shouting.append("n", [Noted(note="n", text="a")], expected=0)


def test_what_evolve_returns_has_to_be_a_state() -> None:
    forgetful = _declared_anew(state=Notes, evolve=lambda state, event: None, events=(Noted,), category="note")
    with transaction.atomic():
        forgetful.append("n", [Noted(note="n")], expected=0)
    with pytest.raises(EventStoreError, match="evolve of stream 'note' returned None for Noted: return a Notes"):
        forgetful.load("n")


class Wider(Account):
    currency: str = "EUR"


class Shouting(Notes):
    model_config = ConfigDict(frozen=True)

    @field_validator("texts")
    @classmethod
    def _loud(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text.upper() for text in texts)


def _shout(state: Shouting, event: Noted) -> Shouting:
    return state.model_copy(update={"texts": write_down(state, event).texts})


def _declared_anew(**changed: Any) -> EventStream[Any]:
    """As another version of the code has it; not in the registry, where checks would find it."""
    options: dict[str, Any] = {
        "category": "account", "state": Account, "evolve": evolve, "events": accounts.events, "snapshot_every": 10,
    }  # fmt: skip
    from strangler.eventstore.registry import streams

    declared: EventStream[Any] = EventStream(**{**options, **changed})
    streams._all.remove(declared)
    return declared
