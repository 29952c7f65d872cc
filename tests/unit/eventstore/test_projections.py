"""A projection is given every event once, in order, and nothing is left half done."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event as Stop

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from strangler.errors import ProjectionFailed
from strangler.eventstore import Recorded
from strangler.eventstore.models import Checkpoint
from strangler.eventstore.projector import Projector
from strangler.eventstore.registry import projections
from strangler.eventstore.working import ProjectionWorker
from strangler.testing.projections import project_now
from tests.sample import projections as sample
from tests.sample.models import Effect
from tests.sample.streams import Noted, notes
from tests.support.at_once import at_once
from tests.support.waiting import until
from tests.unit.eventstore.conftest import append, deposit, effects, sql

pytestmark = pytest.mark.django_db(transaction=True)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def project(*arguments: str) -> str:
    out = io.StringIO()
    call_command("project", *arguments, stdout=out)
    return out.getvalue()


def test_each_projection_is_given_the_events_of_its_streams_once_in_order() -> None:
    append("a", deposit("a"), deposit("a"))
    with transaction.atomic():
        notes.append("n", [Noted(note="n")], expected=0)
    append("b")
    project()
    append("a")
    project()
    project()
    assert effects() == [("account-a", 1), ("account-a", 2), ("account-b", 1), ("account-a", 3)]
    assert effects("everything")[2] == ("note-n", 1)
    assert len(effects("everything")) == 5


def test_an_event_that_is_committed_late_is_not_skipped() -> None:
    """Whoever reads "position > last" has gone past it."""
    with psycopg.connect(**connection.get_connection_params()) as late:
        _insert(late, "late")
        append("early")
        late_position, early_position = _positions(late)
        assert late_position < early_position
        assert "recorded events wait for transaction" in project()
        assert effects() == [], "nobody may go past an open transaction"
        late.commit()
    project()
    assert sorted(effects()) == [("account-early", 1), ("account-late", 1)]


def test_reading_on_by_position_would_have_skipped_it() -> None:
    """The proof that the test above means something."""
    naive = "SELECT key, position FROM strangler_stream_event WHERE position > %s ORDER BY position"
    with psycopg.connect(**connection.get_connection_params()) as late:
        _insert(late, "late")
        append("early")
        ((key, last),) = sql(naive, 0)
        late.commit()
    assert key == "early"
    assert sql(naive, last) == [], "it is there, and is never read"
    assert {key for key, _ in sql(naive, 0)} == {"late", "early"}


def test_an_event_that_has_an_earlier_position_than_one_that_was_read_is_not_skipped() -> None:
    """The older transaction took the later position, and ended first."""
    with psycopg.connect(**connection.get_connection_params()) as younger:
        with transaction.atomic():
            sql("SELECT pg_current_xact_id()")
            _insert(younger, "younger")
            append("older")
        younger_position, older_position = _positions(younger)
        assert younger_position < older_position
        project()
        assert effects() == [("account-older", 1)]
        younger.commit()
    project()
    assert effects() == [("account-older", 1), ("account-younger", 1)]


def test_a_transaction_that_is_older_than_what_it_goes_on_from_does_not_come_before_it() -> None:
    """It wrote something else first, and so its id is lower than that of the event which it has seen."""
    with ThreadPoolExecutor(1) as other:

        def in_between() -> None:
            append("a")
            connection.close()

        with transaction.atomic():
            Effect.objects.create(consumer_group="other", thing="something else", step=0)
            other.submit(in_between).result()
            append("a", deposit("a"), deposit("a"))
        append("a")
    project()
    assert effects() == [("account-a", 1), ("account-a", 2), ("account-a", 3), ("account-a", 4)]


def test_a_rebuild_comes_to_the_same() -> None:
    for key in "abab":
        append(key, deposit(key), deposit(key))
    project()
    before = effects()
    Effect.objects.filter(consumer_group="moves").update(thing="wrong")
    assert "moves: emptied" in project("moves", "--rebuild")
    assert effects() == before
    call_command("project", "moves", "--rebuild", stdout=(terminal := Terminal()))
    assert f"[{'#' * 24}] moves: 8 events" in terminal.getvalue(), "its bar"


def test_a_failing_event_is_named_and_everything_before_it_is_kept() -> None:
    append("a", *[deposit("a")] * 5)
    sample.broken.add("account-a v4")
    with pytest.raises(CommandError, match=r"'moves' does not go on before event 4 of stream account-a") as said:
        project()
    assert "'everything' does not" in str(said.value)
    assert [version for _, version in effects()] == [1, 2, 3]
    assert "ProjectionBroken" in Checkpoint.objects.get(name="moves").error
    assert "2 behind" in project("moves", "--status")
    sample.broken.clear()
    project()
    assert [version for _, version in effects()] == [1, 2, 3, 4, 5]
    assert Checkpoint.objects.get(name="moves").error == ""


def test_a_deadlock_of_a_function_is_a_failure_like_any_other_while_the_database_is_there() -> None:
    def deadlocked(recorded: Sequence[Recorded]) -> None:
        raise OperationalError("deadlock detected")

    append("a")
    projector = Projector(replace(projections.named("moves")[0], handle=deadlocked), using="default")
    projector.prepare()
    with pytest.raises(ProjectionFailed, match="deadlock detected"):
        projector.step()


def test_one_that_fails_holds_up_no_other_and_is_tried_again() -> None:
    append("a")
    with transaction.atomic():
        notes.append("n", [Noted(note="n")], expected=0)
    sample.broken.add("note-n v1")
    worker = ProjectionWorker(projections.named(), using="default", stop=Stop())
    for projection in projections.named():
        Projector(projection, using="default").checkpoint()
    assert worker.step() == 2
    append("a")
    assert worker.step() == 1
    assert len(effects()) == 2
    sample.broken.clear()
    worker._again_at.clear()
    assert worker.step() > 0


def test_a_projection_of_other_streams_than_it_was_made_of_has_to_be_rebuilt() -> None:
    append("a")
    project()
    Checkpoint.objects.filter(name="moves").update(streams=["ledger"])
    with pytest.raises(CommandError, match="made of ledger, and is declared with account: run"):
        project("moves")
    project("moves", "--rebuild")
    assert effects() == [("account-a", 1)]


def test_following_goes_on_until_it_is_asked_to_stop() -> None:
    append("a")

    def more_then_stop() -> None:
        until(lambda: len(effects()) == 1, "the first event")
        append("a", deposit("a"), deposit("a"))
        until(lambda: len(effects()) == 3, "the others")
        connection.close()
        os.kill(os.getpid(), signal.SIGTERM)

    with ThreadPoolExecutor(1) as other:
        done = other.submit(more_then_stop)
        project("--follow", "moves")
        done.result()
    assert effects() == [("account-a", 1), ("account-a", 2), ("account-a", 3)]


def test_how_far_each_has_come_is_told() -> None:
    append("a")
    assert "moves: was never given anything; run `manage.py project moves`" in project("--status")
    project()
    append("a", deposit("a"), deposit("a"))
    Checkpoint.objects.create(name="gone", streams=["account"])
    _, gone, moves = project("--status").splitlines()
    assert gone.startswith("gone (no code here): 0 events, 3 behind, for ")
    assert moves.startswith("moves: 1 events, 2 behind, for ")


def test_in_a_transaction_that_is_open_nothing_can_be_read_and_a_test_is_told_what_to_do() -> None:
    with transaction.atomic():
        append("a")
        assert "call strangler.testing.projections.project_now()" in project()
        assert effects() == []
        assert project_now("moves") == 1
        assert effects() == [("account-a", 1)]


def test_two_who_project_at_once_give_each_event_once() -> None:
    for _ in range(5):
        append("a", *[deposit("a")] * 3)
    moves = projections.named("moves")[0]
    Projector(moves, using="default").prepare()

    def drain() -> int:
        projector, count = Projector(moves, using="default"), 0
        while done := projector.step():
            count += done
        return count

    counts, _ = at_once([drain] * 3)
    assert sum(counts) == 15
    assert [version for _, version in effects()] == list(range(1, 16))


def test_a_wrong_name_is_said() -> None:
    with pytest.raises(CommandError, match=r"no projection 'mvoes' here \(known: everything, moves\)"):
        project("mvoes")
    with pytest.raises(CommandError, match="name those that are meant"):
        project("--rebuild")


def _insert(session: psycopg.Connection[tuple[object, ...]], key: str) -> None:
    session.execute(
        "INSERT INTO strangler_stream_event (category, key, version, type, data, correlation_id, causation_id) "
        "VALUES ('account', %s, 1, 'sample.account_opened.v1', %s, '', '')",
        [key, f'{{"account": "{key}"}}'],
    )


def _positions(session: psycopg.Connection[tuple[object, ...]]) -> list[int]:
    """By key, backwards: who has not committed sees all of them."""
    rows = session.execute("SELECT position FROM strangler_stream_event ORDER BY key DESC").fetchall()
    return [int(str(position)) for (position,) in rows]
