"""The command that says whether events leave the outbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepTaken

pytestmark = pytest.mark.django_db


def one_pending(**columns: object) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="t", step=1))
    OutboxMessage.objects.update(**columns)


def test_an_empty_outbox_and_a_fresh_event_are_fine(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("outbox_check")
    one_pending()
    call_command("outbox_check")
    assert capsys.readouterr().out.splitlines()[1].startswith("1 pending, 0 of them refused by the broker, the oldest")


def test_an_event_that_waits_too_long_is_an_error() -> None:
    one_pending(created_at=timezone.now() - timedelta(seconds=90))
    call_command("outbox_check", "--max-age", "120")
    with pytest.raises(CommandError, match=r"1 pending, 0 of them refused by the broker, the oldest for 9\d s.*relay"):
        call_command("outbox_check")


def test_a_refused_event_is_an_error_however_young() -> None:
    one_pending(last_error="no queue takes it", retry_at=timezone.now())
    with pytest.raises(CommandError, match="1 of them refused"):
        call_command("outbox_check")


def test_what_was_relayed_is_not_counted() -> None:
    one_pending(created_at=timezone.now() - timedelta(days=1), relayed_at=timezone.now())
    call_command("outbox_check")


@pytest.mark.parametrize("without", [{"RELAY": "none"}, {"BROKER_URL": ""}])
def test_where_nothing_is_meant_to_leave_nothing_is_wrong(without: dict[str, str], settings: object) -> None:
    one_pending(created_at=timezone.now() - timedelta(days=1))
    with override_settings(STRANGLER={**settings.STRANGLER, **without}):  # type: ignore[attr-defined]
        call_command("outbox_check")
