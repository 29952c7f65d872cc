"""Stages from the database: how late a process may know of a change, and that a transaction goes by one stage only."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from structlog.testing import capture_logs

from strangler.conf import Stage, StageSetting
from strangler.conf import settings as kit
from strangler.cutover import monolith_serves, pinning, stage_of
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import DatabaseStages, Overrides, database_stages, read_overrides
from strangler.errors import ConfigurationError, NotInTransaction, StagesUnknown
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepTaken
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

EXTRACTED, HOME = StageSetting(stage=Stage.EXTRACTED), StageSetting()


@pytest.fixture(autouse=True)
def _from_the_database(settings: Any) -> Iterator[None]:
    of(settings)
    yield
    database_stages.forget()


def of(settings: Any, **changes: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGE_SOURCE": "database", "STAGE_MAX_AGE": 60, **changes}


def override(stage: str, context: str = "notifications", **fields: Any) -> None:
    setting = StageSetting.parse(stage)
    StageChange.objects.create(
        **{"source": "database", "decided_by": "a test", "context": context, "from_stage": "monolith", **fields},
        to_stage=setting.stage,
        to_percent=setting.percent,
    )


def elsewhere(work: Callable[[], object]) -> None:
    """Committed by another connection, while ours may be in a transaction."""

    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def changed_elsewhere(stage: str) -> None:
    """Also as if this process's knowledge had just become too old."""
    elsewhere(lambda: override(stage))
    database_stages.forget()


def decided() -> tuple[str, str]:
    """Who does the work by `monolith_serves()`, and by the stamp of an event published with it."""
    served = "monolith" if monolith_serves("notifications", key="a") else "service"
    id = publish(StepTaken(thing="a", step=1))
    stamp = json.loads(OutboxMessage.objects.get(pk=id).payload).get("stages", "")
    return served, "service" if stamp == "notifications=extracted" else "monolith"


# --- how late


class Table:
    """The override of one context, and a clock, both moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.setting, self.age = HOME, 0.0
        self.reads = 0
        self.fails = False
        self.stages = DatabaseStages(self.read, lambda: self.now)

    def read(self) -> Overrides:
        self.reads += 1
        if self.fails:
            raise DatabaseError("the server\nis away")
        return Overrides({"notifications": self.setting}, self.age)

    def known(self) -> StageSetting:
        return self.stages.latest().of("notifications")


def test_a_change_is_known_once_what_was_known_is_as_old_as_the_setting_says(settings: Any) -> None:
    of(settings, STAGE_MAX_AGE=5)
    table = Table()
    assert table.known() == HOME
    table.setting = EXTRACTED
    table.now += 4.999
    assert (table.known(), table.reads) == (HOME, 1)
    table.now += 0.001
    assert (table.known(), table.reads) == (EXTRACTED, 2)


def test_with_no_age_allowed_every_question_reads(settings: Any) -> None:
    of(settings, STAGE_MAX_AGE=0)
    table = Table()
    for setting in (HOME, EXTRACTED, HOME):
        table.setting = setting
        assert table.known() == setting


def test_what_a_snapshot_showed_is_as_old_as_the_snapshot(settings: Any) -> None:
    of(settings, STAGE_MAX_AGE=5)
    table = Table()
    table.age = 4.0
    assert table.known() == HOME
    table.setting = EXTRACTED
    table.now += 1
    assert table.known() == EXTRACTED


def test_two_connections_agree_within_the_bound(settings: Any) -> None:
    of(settings, STAGE_MAX_AGE=0.5)
    assert stage_of("notifications") == "monolith"
    for stage in ("extracted", "monolith", "canary"):
        elsewhere(partial(override, stage))
        until(partial(_is_known, stage, time.monotonic()), stage)


def _is_known(stage: str, committed: float) -> bool:
    """However slow the machine: only who asks too early may not know."""
    asked = time.monotonic()
    known = stage_of("notifications") == stage
    assert known or asked < committed + 0.5
    return known


def test_until_then_nothing_is_read() -> None:
    stage_of("notifications")
    elsewhere(lambda: override("extracted"))
    assert stage_of("notifications") == "monolith"


def test_a_transaction_with_a_snapshot_of_its_own_does_not_make_others_late(settings: Any) -> None:
    of(settings, STAGE_MAX_AGE=0.3)
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert StageChange.objects.count() == 0
        began = time.monotonic()
        elsewhere(lambda: override("extracted"))
        until(lambda: time.monotonic() - began > 0.3, "the snapshot to be old")
        assert stage_of("notifications") == "monolith"
    assert stage_of("notifications") == "extracted"


# --- a database that cannot be read


def test_what_is_known_stays_in_force_and_the_error_is_logged_once_a_period(settings: Any) -> None:
    of(settings, STAGE_MAX_AGE=5)
    table = Table()
    table.setting = EXTRACTED
    table.known()
    table.fails = True
    with capture_logs() as logs:
        for _ in range(30):
            table.now += 1
            assert table.known() == EXTRACTED
    assert [entry["known_for"] for entry in logs] == [5, 10, 15, 20, 25, 30]
    assert logs[0]["error"] == "the server"
    table.fails, table.setting = False, HOME
    table.now += 5
    assert table.known() == HOME


def test_where_nothing_was_ever_read_nobody_guesses() -> None:
    table = Table()
    table.fails = True
    with pytest.raises(StagesUnknown, match=r"never has: the server\. .*migrate.*STAGE_SOURCE"):
        table.known()


def test_a_read_that_fails_leaves_the_transaction_at_hand_alone() -> None:
    override("extracted")
    stage_of("notifications")
    with transaction.atomic():
        connection.cursor().execute("ALTER TABLE strangler_stage_change RENAME TO gone")
        age_what_is_known()
        assert decided() == ("service", "service")
        transaction.set_rollback(True)


def age_what_is_known() -> None:
    known = database_stages._known
    assert known is not None
    object.__setattr__(known, "asked_at", known.asked_at - 61)


# --- who wins


def test_the_latest_override_wins_over_environment_and_settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE_NOTIFICATIONS", "shadow")
    of(settings, STAGES={"notifications": "emitting", "reporting": "canary:10"})
    assert stage_of("notifications") == "shadow"
    override("extracted")
    override("canary:30")
    override("retired", context="inventory")
    database_stages.forget()
    found = kit.stages_in_force()
    assert found.stamp == "inventory=retired,notifications=canary:30,reporting=canary:10"


def test_an_override_takes_home_what_the_settings_have_moved(settings: Any) -> None:
    of(settings, STAGES={"notifications": "extracted"})
    override("monolith")
    assert kit.stages_in_force().stamp == ""


def test_a_decision_noted_under_settings_moves_nothing() -> None:
    override("extracted")
    override("retired", source="settings")
    assert stage_of("notifications") == "extracted"


def test_with_settings_as_the_source_the_database_is_not_asked(settings: Any, django_assert_num_queries: Any) -> None:
    override("extracted")
    of(settings, STAGE_SOURCE="settings")
    with django_assert_num_queries(0):
        assert stage_of("notifications") == "monolith"
        assert monolith_serves("notifications", key="a")


@pytest.mark.parametrize("wrong", [{"to_percent": 101}, {"from_percent": 101}, {"from_stage": "gone"}])
def test_the_table_takes_no_stage_that_there_is_not(wrong: dict[str, Any]) -> None:
    fields = {"from_stage": "monolith", "to_stage": "canary", **wrong}
    with pytest.raises(IntegrityError, match="stage_change_"):
        StageChange.objects.create(context="notifications", source="database", decided_by="a test", **fields)


# --- one transaction, one stage


def test_what_was_asked_first_holds_until_the_transaction_ends() -> None:
    with transaction.atomic():
        assert monolith_serves("notifications", key="a")
        changed_elsewhere("extracted")
        assert decided() == ("monolith", "monolith")
    with transaction.atomic():
        assert decided() == ("service", "service")


def test_what_was_published_first_settles_it_too() -> None:
    with transaction.atomic():
        publish(StepTaken(thing="a", step=0))
        changed_elsewhere("extracted")
        assert decided() == ("monolith", "monolith")


def test_a_question_in_a_released_savepoint_settles_the_transaction() -> None:
    with transaction.atomic():
        with transaction.atomic():
            assert monolith_serves("notifications", key="a")
        changed_elsewhere("extracted")
        assert decided() == ("monolith", "monolith")


def test_a_savepoint_that_is_rolled_back_takes_along_what_was_settled_in_it() -> None:
    with transaction.atomic():
        with transaction.atomic():
            assert decided() == ("monolith", "monolith")
            transaction.set_rollback(True)
        changed_elsewhere("extracted")
        assert decided() == ("service", "service")


def test_a_savepoint_that_is_rolled_back_leaves_what_was_settled_before_it() -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: None)
        assert decided() == ("monolith", "monolith")
        with transaction.atomic():
            transaction.on_commit(lambda: None)
            transaction.set_rollback(True)
        changed_elsewhere("extracted")
        assert decided() == ("monolith", "monolith")


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_the_next_transaction_asks_anew_however_the_last_one_ended(end: str) -> None:
    with transaction.atomic():
        assert decided() == ("monolith", "monolith")
        transaction.set_rollback(end == "rollback")
    changed_elsewhere("extracted")
    with transaction.atomic():
        assert decided() == ("service", "service")


@pytest.fixture
def _second_database() -> Iterator[None]:
    """Another alias of the same one. Django's tests forbid what they don't know to connect, so it is open before."""
    connections["other"] = connections["default"].copy(alias="other")
    connections["other"].ensure_connection()
    connections.settings["other"] = connections.settings["default"]
    yield
    connections["other"].close()
    del connections["other"]
    del connections.settings["other"]


@pytest.mark.usefixtures("_second_database")
def test_transactions_on_several_databases_that_are_open_together_agree() -> None:
    with transaction.atomic():
        assert monolith_serves("notifications", key="a")
        changed_elsewhere("extracted")
        with transaction.atomic(using="other"):
            publish(StepTaken(thing="b", step=1), using="other")
    assert "stages" not in json.loads(OutboxMessage.objects.get().payload)
    with transaction.atomic(using="other"):
        with transaction.atomic():
            assert not monolith_serves("notifications", key="a")
        changed_elsewhere("monolith")
        publish(StepTaken(thing="b", step=2), using="other")
    assert json.loads(OutboxMessage.objects.latest("position").payload)["stages"] == "notifications=extracted"


def test_a_stage_is_read_once_a_transaction_however_many_events_it_publishes(
    settings: Any, django_assert_num_queries: Any
) -> None:
    of(settings, STAGE_MAX_AGE=0)
    with transaction.atomic():
        with django_assert_num_queries(4):  # a savepoint round the read
            publish(StepTaken(thing="a", step=0))
        with django_assert_num_queries(3):
            for step in (1, 2, 3):
                publish(StepTaken(thing="a", step=step))


def test_outside_a_transaction_nobody_may_decide_by_a_stage_that_may_change() -> None:
    with pytest.raises(NotInTransaction, match=r"monolith_serves\('notifications'\) outside .*transaction\.atomic"):
        monolith_serves("notifications", key="a")
    assert stage_of("notifications") == "monolith"


# --- set-up


def test_without_the_app_that_has_the_table_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "stages_of_database", None)
    with pytest.raises(ConfigurationError, match=r'STAGE_SOURCE.*"strangler\.cutover" in INSTALLED_APPS'):
        stage_of("notifications")


def test_an_unknown_source_is_named(settings: Any) -> None:
    of(settings, STAGE_SOURCE="oracle")
    with pytest.raises(ConfigurationError, match=r"STRANGLER\['STAGE_SOURCE'\].*'settings' or 'database'"):
        kit.load()


def test_an_override_of_a_context_that_is_gone_is_found_by_the_checks_of_the_database(settings: Any) -> None:
    override("extracted", context="gone")
    override("monolith", context="gone_and_home")
    call_command("check")
    with pytest.raises(SystemCheckError, match=r"gone=extracted: there is no context 'gone'[^$]*stage gone monolith"):
        call_command("check", databases=["default"])
    of(settings, STAGE_SOURCE="settings")
    call_command("check", databases=["default"])


def test_the_checks_of_the_database_pass_where_the_table_is_yet_to_be_made() -> None:
    with transaction.atomic():
        connection.cursor().execute("ALTER TABLE strangler_stage_change RENAME TO gone")
        call_command("check", databases=["default"])
        transaction.set_rollback(True)


def test_the_overrides_are_one_row_for_each_context() -> None:
    for stage in ("emitting", "shadow", "canary:5", "canary:50"):
        override(stage)
    assert read_overrides().by_context == {"notifications": StageSetting.parse("canary:50")}


def test_the_hook_is_put_in_place_by_the_app() -> None:
    assert kit.stages_of_database is pinning.stages_in_force
