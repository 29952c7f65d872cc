"""Where the old code is deleted nobody goes back by accident; and nobody deletes what something still hangs on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError, SystemCheckError

from strangler.conf import Stage, StageSetting
from strangler.cutover import Fallback, capability, code_is_gone, router
from strangler.cutover.gates import Verdict
from strangler.cutover.gates.table import examine
from strangler.cutover.gone import gone
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import database_stages
from strangler.cutover.steps import is_forward

DUMP = "the deployment of before, and the dump of that day"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(router, "capabilities", [])
    code_is_gone("sample", way_back=DUMP)
    yield
    gone.clear()


def stages(settings: Any, **changes: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "BROKER_URL": "memory://gone", **changes}


@pytest.mark.parametrize("stage", ["monolith", "shadow", "canary:50", "extracted"])
def test_a_stage_of_code_that_is_deleted_does_not_start(settings: Any, stage: str) -> None:
    stages(settings, STAGES={"sample": stage})
    with pytest.raises(SystemCheckError, match=rf"E305\) sample={stage}: sample can't be {stage}(?s:.*){DUMP}"):
        call_command("check")


def test_a_stage_that_nobody_sets_is_that_of_the_code_and_the_last_one_is_fine(settings: Any) -> None:
    stages(settings, STAGES={})
    with pytest.raises(SystemCheckError, match="E305"):
        call_command("check")
    stages(settings, STAGES={"sample": "retired"})
    call_command("check")


@pytest.mark.django_db
def test_stages_of_the_database_are_held_to_the_same(settings: Any) -> None:
    stages(settings, STAGE_SOURCE="database", STAGE_MAX_AGE=0, STAGES={"sample": "retired"})
    call_command("check", databases=["default"])
    change = {"from_stage": "retired", "to_percent": 0, "source": "database", "decided_by": "an older deployment"}
    StageChange.objects.create(context="sample", to_stage="extracted", **change)
    database_stages.forget()
    with pytest.raises(SystemCheckError, match="E305"):
        call_command("check", databases=["default"])
    StageChange.objects.create(context="sample", to_stage="retired", **change)
    database_stages.forget()
    call_command("check", databases=["default"])


@pytest.mark.django_db
@pytest.mark.parametrize("wish", [["--back"], ["extracted", "--force"], ["monolith"]])
def test_nobody_moves_it_back_not_even_by_force(settings: Any, wish: list[str]) -> None:
    stages(settings, STAGES={"sample": "retired"})
    with pytest.raises(CommandError, match=rf"sample can't be \S+: its code is deleted here.*: {DUMP}"):
        call_command("stage", "sample", *wish, "--reason", "one never knows")


def test_any_other_context_moves_as_before(settings: Any) -> None:
    stages(settings, STAGES={"sample": "retired", "reporting": "extracted"})
    call_command("check")
    assert not is_forward("reporting", StageSetting.parse("retired"), StageSetting.parse("extracted"))


# --- the gates before it


def verdict(gate: str, context: str) -> Verdict:
    (found,) = [each for each in examine(context, Stage.RETIRED) if each.gate == gate]
    return found


@pytest.mark.django_db
def test_what_a_foreign_key_leads_into_is_not_given_up() -> None:
    found = verdict("foreign keys", "auth")
    assert found.fails
    assert "authtoken.Token.user" in found.figure or "admin.LogEntry.user" in found.figure
    assert "manage.py foreign_keys auth" in found.remedy
    assert verdict("foreign keys", "sample").passed
    assert verdict("foreign keys", "reads").passed is None, "a context of reads alone has no tables"


@pytest.mark.django_db
def test_nobody_is_retired_while_the_monolith_stands_in_for_it() -> None:
    assert verdict("fallback", "sample").passed is None

    @capability("sample", key=str)
    def alone(key: str) -> str:
        return key

    assert verdict("fallback", "sample").passed

    @capability("sample", key=str, fallback=Fallback(OSError))
    def leaning(key: str) -> str:
        return key

    found = verdict("fallback", "sample")
    assert found.figure == "1 of 2 capabilities still fall back to the monolith"
    assert "take fallback= out of" in found.remedy
    assert "leaning" in found.remedy
