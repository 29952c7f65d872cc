"""In a test that is one transaction itself, each transaction of the code under test still settles its own stages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from strangler.conf import settings as kit
from strangler.cutover import monolith_serves
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import database_stages
from strangler.outbox import publish
from tests.sample.events import StepTaken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _from_the_database(settings: Any) -> Iterator[None]:
    settings.STRANGLER = {**settings.STRANGLER, "STAGE_SOURCE": "database", "STAGE_MAX_AGE": 0}
    yield
    database_stages.forget()


def move(stage: str) -> None:
    StageChange.objects.create(
        context="notifications", from_stage="monolith", to_stage=stage, source="database", decided_by="a test"
    )


def test_transactions_of_one_test_are_told_apart() -> None:
    for stage, served in [("shadow", True), ("extracted", False), ("monolith", True)]:
        move(stage)
        with transaction.atomic():
            assert monolith_serves("notifications", key="a") is served
            move("retired")
            with transaction.atomic():
                publish(StepTaken(thing="a", step=1))
                assert monolith_serves("notifications", key="a") is served


def test_in_the_tests_own_transaction_nothing_is_settled() -> None:
    move("extracted")
    assert kit.stages_in_force().stamp == "notifications=extracted"
    move("shadow")
    assert kit.stages_in_force().stamp == "notifications=shadow"
    publish(StepTaken(thing="a", step=1))
