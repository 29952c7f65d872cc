"""`manage.py saga`: what is told, and what a person can do."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from strangler.saga.models import HistoryEntry, SagaInstance
from tests.sample import sagas as sample
from tests.unit.saga.conftest import LONG_AGO, Trips


def saga_command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("saga", *arguments, stdout=out)
    return out.getvalue()


def stuck(saga: Trips, trip: str, what: str = "run hotel") -> None:
    saga.start(trip)
    sample.broken.add((trip, what))
    for _ in range(12):
        saga.pass_time(trip)
    sample.broken.clear()
    assert saga.status(trip) == "stuck"


def test_it_lists_counts_and_who_is_stuck_why_and_what_to_do(saga: Trips) -> None:
    saga.start("a")
    stuck(saga, "b")
    SagaInstance.objects.filter(key="a").update(saga="journeys")
    lines = saga_command().splitlines()
    assert lines[0].split() == ["saga", "running", "waiting", "compensating", "stuck", "completed", "compensated"]
    assert "journeys (no code here)  0        1        0             0      0          0" in lines
    assert "trips                    0        0        0             1      0          0" in lines
    assert lines[-2].startswith("trips b  stuck at hotel since ")
    assert lines[-2].endswith("StepFailed: b cannot run hotel")
    assert lines[-1] == "  -> manage.py saga resume trips b | manage.py saga compensate trips b"


def test_a_resumed_saga_goes_on_and_the_history_says_who_did_it(saga: Trips) -> None:
    stuck(saga, "a")
    said = saga_command("resume", "trips", "a", "--by", "Ada")
    assert said == "1 resumed: a worker (`manage.py saga work`) goes on with them\n"
    assert saga.pass_time() == 1
    assert (saga.status("a"), saga.of("a").attempts) == ("waiting", 1)
    assert HistoryEntry.objects.get(what="resumed").by == "Ada"
    shown = saga_command("show", "trips", "a")
    assert "trips a  waiting, forwards, correlation id " in shown
    assert "resumed hotel  by Ada" in shown
    assert "failed hotel: StepFailed('a cannot run hotel')" in shown


def test_a_saga_can_be_called_off(saga: Trips) -> None:
    saga.start("a")
    assert saga_command("compensate", "trips", "a", "--by", "Ada").startswith("1 to be undone")
    saga.pass_time()
    assert (saga.status("a"), saga.of("a").reason) == ("compensated", "called off by Ada")
    assert "called off hotel  by Ada" in saga_command("show", "trips", "a")


def test_all_stuck_ones_of_a_saga_are_resumed_at_once(saga: Trips) -> None:
    stuck(saga, "a")
    stuck(saga, "b")
    saga.start("c")
    assert saga_command("resume", "trips", "--all").startswith("2 resumed")
    assert saga.pass_time("a", "b") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resume", "trips", "a"], "trips a is waiting, not stuck: there is nothing to resume"),
        (["resume", "trips", "nobody"], "saga 'trips' has no instance 'nobody'"),
        (["resume", "trip", "a"], r"there is no saga 'trip' here \(known: .*trips"),
        (["resume", "trip", "--all"], r"there is no saga 'trip' here \(known: .*trips"),
        (["show", "trips", "nobody"], "has no instance 'nobody'"),
        (["resume", "trips"], "say which: one or more keys, or --all"),
        (["compensate", "trips", "a", "--all"], "say which: one or more keys, or --all"),
        (["compensate", "trips", "ended"], "trips ended is compensated: only what is under way forwards"),
        (["compensate", "trips", "undoing"], "trips undoing is stuck while it is undone: .* resume it"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(saga: Trips, arguments: list[str], said: str) -> None:
    saga.start("a")
    saga.start("ended")
    saga.refused("ended", "hotel")
    stuck(saga, "undoing", "undo note") if "undoing" in arguments else None
    with pytest.raises(CommandError, match=said):
        saga_command(*arguments)
    assert saga.status("a") == "waiting"


def test_what_ended_long_ago_is_deleted_with_its_history_and_nothing_else(saga: Trips) -> None:
    for trip in ("old", "young", "undone", "open"):
        saga.start(trip)
    saga.refused("old", "hotel")
    saga.refused("young", "hotel")
    stuck(saga, "open2")
    SagaInstance.objects.exclude(key="young").update(moved_at=LONG_AGO, started_at=LONG_AGO)
    SagaInstance.objects.filter(key="old").update(finished_at=LONG_AGO)
    SagaInstance.objects.filter(key="young").update(finished_at=timezone.now())
    assert saga_command("prune", "--hours", "1") == "deleted 1 sagas that ended more than 1 hours ago\n"
    assert set(SagaInstance.objects.values_list("key", flat=True)) == {"young", "undone", "open", "open2"}
    assert not HistoryEntry.objects.filter(instance__key="old").exists()
