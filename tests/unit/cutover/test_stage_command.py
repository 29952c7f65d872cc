"""`manage.py stage`: one step at a time, through the gates or on the record, and back at any time."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from strangler.conf import StageSetting
from strangler.cutover import evidence, moving, router, stage_of
from strangler.cutover.models import StageChange
from strangler.cutover.moving import Move, record
from strangler.cutover.overrides import database_stages
from strangler.errors import StageMoveRefused
from strangler.inbox.models import ParkedMessage
from tests.support.gates import Service
from tests.support.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("strangler.cutover.service.urls")]

WHY = ("--reason", "a test of it")


@pytest.fixture(autouse=True)
def _in_the_database(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(router, "capabilities", [])
    monkeypatch.setattr(evidence, "compared", lambda context: [])
    service.configure(STAGE_SOURCE="database")
    yield
    database_stages.forget()


def stage(*arguments: str) -> str:
    out = io.StringIO()
    call_command("stage", *arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("stage", *arguments, stdout=out)
    assert error.value.returncode == 1
    return f"{error.value}\n{out.getvalue()}"


def bring(context: str, setting: str) -> None:
    """Without asking anybody."""
    after = StageSetting.parse(setting)
    StageChange.objects.create(
        context=context,
        from_stage="monolith",
        to_stage=after.stage,
        to_percent=after.percent,
        source="database",
        decided_by="the test",
    )
    database_stages.forget()


# --- steps


def test_a_context_goes_all_the_way_one_stage_at_a_time() -> None:
    for step in (["emitting"], ["shadow"], ["canary", "--percent", "10"], ["canary", "--percent", "50"]):
        stage("reporting", *step, *WHY)
        assert stage_of("reporting") == step[0], "in the process that moved it, at once"
    for step in (["extracted"], ["retired"]):
        said = stage("reporting", *step, *WHY)
    assert "reporting is retired, in every process of the monolith within 5 s" in said
    changes = [str(change) for change in StageChange.objects.order_by("id")]
    assert changes == [
        "reporting: monolith → emitting",
        "reporting: emitting → shadow",
        "reporting: shadow → canary:10",
        "reporting: canary:10 → canary:50",
        "reporting: canary:50 → extracted",
        "reporting: extracted → retired",
    ]


def test_the_history_says_who_when_why_and_what_the_gates_found() -> None:
    stage("reporting", "emitting", "--by", "alice", "--reason", "the relay has run for a week")
    change = StageChange.objects.get()
    assert (change.decided_by, change.reason, change.forced) == ("alice", "the relay has run for a week", False)
    assert timezone.now() - change.decided_at < timedelta(minutes=1)
    assert change.gates == [
        {
            "gate": "relay lag",
            "passed": True,
            "figure": "the oldest of 0 in the outbox waits for 0 s, 0 refused",
            "bound": "at most 60 s, 0 refused",
            "remedy": "",
        }
    ]
    stage("reporting", "--back")
    assert StageChange.objects.latest("id").decided_by != ""


def test_a_gate_that_fails_keeps_the_context_where_it_is(service: Service) -> None:
    bring("reporting", "emitting")
    service.park("dead", 2)
    said = refused("reporting", "shadow", *WHY)
    assert said.startswith(
        "reporting stays emitting: 1 of 5 gates fails: dead letters: 2 open in group sample (0 open)\n"
    )
    assert "  FAILS  dead letters: 2 open in group sample (0 open)\n         -> mend their cause" in said
    assert "  ok     relay lag: " in said
    assert "  -      backfill: not applicable: " in said
    assert stage_of("reporting") == "emitting"
    ParkedMessage.objects.all().delete()
    stage("reporting", "shadow", *WHY)
    assert stage_of("reporting") == "shadow"


def test_a_growing_canary_is_a_step_through_the_gates_and_a_shrinking_one_is_not(service: Service) -> None:
    bring("reporting", "canary:10")
    service.park("dead", 1)
    assert "reporting stays canary:10: 1 of 8 gates fails" in refused("reporting", "canary", "--percent", "11", *WHY)
    assert "canary:10 → canary:5" in stage("reporting", "canary", "--percent", "5")
    assert str(StageChange.objects.latest("id").after) == "canary:5"


def test_the_way_back_asks_nobody(service: Service) -> None:
    bring("reporting", "retired")
    service.configure(known_as={"URL": "http://127.0.0.1:1"}, BROKER_URL="")
    said = [stage("reporting", "--back") for _ in range(5)]
    assert [line.splitlines()[0] for line in said] == [
        "reporting: retired → extracted",
        "reporting: extracted → canary:100",
        "reporting: canary:100 → shadow",
        "reporting: shadow → emitting",
        "reporting: emitting → monolith",
    ]
    assert "`manage.py stage reporting shadow` takes them home" in said[1]
    assert "there is no stage before it" in refused("reporting", "--back")
    assert [change.gates for change in StageChange.objects.all()] == [[]] * 6


def test_the_way_back_may_be_long_or_have_a_share() -> None:
    bring("reporting", "retired")
    stage("reporting", "emitting")
    assert stage_of("reporting") == "emitting"
    bring("reporting", "extracted")
    assert "extracted → canary:20" in stage("reporting", "--back", "--percent", "20")


def test_a_dry_run_asks_the_gates_and_changes_nothing(service: Service) -> None:
    bring("reporting", "emitting")
    assert stage("reporting", "shadow", "--dry-run").endswith("dry run: nothing was changed\n")
    service.park("dead", 1)
    assert "1 of 5 gates fails: dead letters" in refused("reporting", "shadow", "--dry-run")
    stage("reporting", "--back", "--dry-run")
    assert StageChange.objects.count() == 1
    assert stage_of("reporting") == "emitting"


def test_a_forced_step_is_on_record_as_one_with_what_failed(service: Service) -> None:
    bring("reporting", "emitting")
    service.park("dead", 2)
    assert "--reason is needed" in refused("reporting", "shadow", "--force")
    stage("reporting", "shadow", "--force", "--by", "bob", "--reason", "the letters are of a test")
    change = StageChange.objects.latest("id")
    assert (change.forced, [gate["gate"] for gate in change.gates if gate["passed"] is False]) == (
        True,
        ["dead letters"],
    )
    assert (
        "reporting: emitting → shadow  by bob (database, forced): the letters are of a test\n"
        "    dead letters: 2 open in group sample (0 open)\n" in stage("reporting", "--history")
    )


def test_what_was_forced_where_nothing_failed_is_not_called_forced() -> None:
    stage("reporting", "emitting", "--force", *WHY)
    assert not StageChange.objects.get().forced


# --- stages from the settings


def test_with_stages_in_the_settings_it_says_what_to_set_and_records_the_decision(service: Service) -> None:
    service.configure(STAGE_SOURCE="settings", STAGES={"reporting": "shadow"})
    said = stage("reporting", "canary", "--percent", "10", *WHY)
    assert "  STAGE_REPORTING=canary:10\n" in said
    assert '  STRANGLER = {"STAGES": {"reporting": "canary:10"}}\n' in said
    assert stage_of("reporting") == "shadow"
    change = StageChange.objects.get()
    assert (change.source, str(change)) == ("settings", "reporting: shadow → canary:10")
    service.configure(STAGE_SOURCE="database")
    assert stage_of("reporting") == "shadow"


def test_with_stages_in_the_settings_gates_are_asked_too(service: Service) -> None:
    service.configure(STAGE_SOURCE="settings", STAGES={"reporting": "emitting"})
    service.park("dead", 1)
    assert "reporting stays emitting" in refused("reporting", "shadow", *WHY)
    assert not StageChange.objects.exists()


# --- mistakes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["repotring"], "there is no context 'repotring' (those that publish, answer or have a stage: catalog, "),
        (["reporting", "gone"], "invalid choice: 'gone' (choose from"),
        (["reporting", "canary", "--percent", "10", *WHY], "one stage at a time: the next is shadow"),
        (["reporting", "canary", *WHY], "canary takes --percent, the share of keys"),
        (["reporting", "canary", "--percent", "101", *WHY], "a whole number from 0 to 100"),
        (["reporting", "canary", "--percent", "few"], "invalid int value: 'few'"),
        (["reporting", "shadow", "--percent", "10", *WHY], "--percent is for canary"),
        (["reporting", "emitting"], "reporting is emitting already"),
        (["reporting", "shadow"], "--reason is needed for a step forward"),
        (["reporting", "shadow", "--reason", "  "], "--reason is needed for a step forward"),
        (["reporting", "shadow", "--back"], "--back is one stage back from emitting"),
    ],
)
def test_a_mistake_is_named_with_the_way_out(arguments: list[str], said: str) -> None:
    bring("reporting", "emitting")
    assert said in refused(*arguments)
    assert StageChange.objects.count() == 1


def test_who_was_slower_is_told_so() -> None:
    """Two people decide at once, and gates take a while to ask: one waits for the other's row, and looks at it."""
    step = Move("reporting", StageSetting(), StageSetting.parse("emitting"))
    outcomes: list[str] = []

    def decide() -> None:
        try:
            outcomes.append(str(record(step, by="somebody", reason="a test")))
        except StageMoveRefused as error:
            outcomes.append(str(error))
        connections.close_all()

    slower = threading.Thread(target=decide)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(moving._ONE_AT_A_TIME)
        bring("reporting", "emitting")
        slower.start()
        until(lambda: outcomes or _somebody_waits(cursor), "the slower one to have come so far")
    slower.join(60)
    assert outcomes == ["reporting has become emitting meanwhile, it was monolith: look again"]


def _somebody_waits(cursor: Any) -> bool:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return cursor.fetchone() != (0,)


# --- looking


def test_the_list_says_of_each_context_where_it_is_who_says_so_and_what_is_in_the_way(service: Service) -> None:
    service.configure(STAGES={"inventory": "extracted"})
    bring("reporting", "emitting")
    service.park("dead", 1)
    lines = stage().splitlines()
    assert lines[0].split() == ["context", "stage", "said", "by", "next"]
    rows = {line.split()[0]: line.split()[1:] for line in lines if not line.startswith(" ")}
    assert rows["reporting"] == ["emitting", "database", "shadow"]
    assert rows["inventory"] == ["extracted", "settings", "retired"]
    assert rows["orders"] == ["monolith", "-", "emitting"]
    below = lines[lines.index(next(line for line in lines if line.startswith("reporting"))) + 1 :]
    assert below[0] == "  FAILS  dead letters: 1 open in group sample (0 open)"
    assert "admin" not in rows


def test_the_environment_is_named_where_it_decides(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE_ORDERS", "emitting")
    service.configure(STAGE_SOURCE="settings")
    assert stage("orders").splitlines()[1].split() == ["orders", "emitting", "environment", "shadow"]


def test_one_context_is_shown_with_all_its_gates_and_the_last_stage_with_none() -> None:
    bring("reporting", "shadow")
    assert len(stage("reporting").splitlines()) == 2 + 8
    bring("reporting", "retired")
    assert len(stage("reporting").splitlines()) == 2


def test_the_history_is_of_all_or_of_one() -> None:
    bring("reporting", "emitting")
    bring("orders", "emitting")
    assert [line.split("  ")[1] for line in stage("--history").splitlines()] == [
        "orders: monolith → emitting",
        "reporting: monolith → emitting",
    ]
    assert len(stage("orders", "--history").splitlines()) == 1


@pytest.mark.urls("monolith.urls")
def test_in_the_admin_history_can_be_searched_and_not_changed(admin_client: Client) -> None:
    bring("reporting", "emitting")
    bring("orders", "emitting")
    page = "/admin/strangler_cutover/stagechange/"
    found = admin_client.get(page, {"q": "reporting"})
    assert found.status_code == 200
    assert [str(change) for change in found.context["cl"].result_list] == ["reporting: monolith → emitting"]
    change = StageChange.objects.latest("id")
    assert admin_client.get(f"{page}{change.pk}/change/").status_code == 200
    assert admin_client.get(f"{page}add/").status_code == 403
    assert admin_client.post(f"{page}{change.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(f"{page}{change.pk}/change/", {"reason": "another"})
    assert StageChange.objects.get(pk=change.pk).reason == ""
