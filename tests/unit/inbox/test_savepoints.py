"""The savepoint round each message does what `transaction.atomic()` round its handler would do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from strangler.inbox.models import DeadLetter, ParkedMessage
from tests.sample.models import Effect
from tests.unit.inbox.conftest import Group, step

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handle_with(group: Group, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], None]], None]:
    """Handle three messages in one batch; the handler writes its effect, then does what is given."""

    def handle(then: Callable[[str], None]) -> None:
        create = Effect.objects.create

        def effect(*, thing: str, **values: object) -> None:
            create(thing=thing, **values)
            then(thing)

        with monkeypatch.context() as patch:
            patch.setattr(Effect.objects, "create", effect)
            group.handle(step("a", 1), step("b", 1), step("c", 1))

    return handle


def effects(group: Group) -> list[str]:
    return [thing for thing in "abc" if group.steps_of(thing)]


def test_an_error_the_handler_swallowed_takes_its_writes_back_and_is_parked(group: Group, handle_with) -> None:
    def divide(thing: str) -> None:
        if thing == "b":
            with pytest.raises(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")

    handle_with(divide)
    assert effects(group) == ["a", "c"]
    assert "current transaction is aborted" in ParkedMessage.objects.get().error


def test_a_handler_may_undo_its_own_writes_and_no_others(group: Group, handle_with) -> None:
    handle_with(lambda thing: transaction.set_rollback(thing == "b"))
    assert effects(group) == ["a", "c"]
    assert not ParkedMessage.objects.exists()


def test_hooks_of_a_failed_message_are_dropped_and_those_of_the_others_run_once(group: Group, handle_with) -> None:
    ran: list[str] = []

    def hook(thing: str) -> None:
        transaction.on_commit(lambda: ran.append(thing))
        with transaction.atomic():
            transaction.on_commit(lambda: ran.append(f"{thing}, nested"))
        if thing == "b":
            raise ValueError(thing)

    handle_with(hook)
    assert ran == ["a", "a, nested", "c", "c, nested"]
    assert effects(group) == ["a", "c"]


def test_a_handler_that_closes_its_connection_is_parked_alone_and_loses_no_other_message(
    group: Group, handle_with
) -> None:
    handle_with(lambda thing: connection.close() if thing == "b" else None)
    assert effects(group) == ["a", "c"]
    assert "closed the database connection" in ParkedMessage.objects.get().error


def test_a_handler_that_closes_its_connection_each_time_is_a_dead_letter_that_says_so(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Effect.objects, "create", lambda **_: connection.close())
    group.handle(step("a", 1))
    group.work_off()
    assert "closed the database connection" in DeadLetter.objects.get().error


def test_a_message_costs_no_statement_through_djangos_cursors_but_its_handlers_own(group: Group) -> None:
    with CaptureQueriesContext(connection) as queries:
        group.handle(*[step(f"t{number}", 1) for number in range(30)])
    assert not [query for query in queries if "SAVEPOINT" in query["sql"]]
    assert sum("sample_effect" in query["sql"] for query in queries) == 30
