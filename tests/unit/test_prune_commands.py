"""Commands that delete what is old take its age the same way: as hours, within bounds that dates can follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from strangler.conf import settings as kit
from strangler.errors import ConfigurationError

COMMANDS = {
    "inbox_prune": ["inbox_prune", "--hours"],
    "outbox_prune": ["outbox_prune", "--hours"],
    "saga prune": ["saga", "prune", "--hours"],
    "prune_inventory": ["prune_inventory", "--hours"],
    "prune_payments": ["prune_payments", "--hours"],
    "prune_idempotency_keys": ["prune_idempotency_keys", "--older-than-hours"],
}
each_command = pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())


@each_command
@pytest.mark.parametrize("hours", ["-1", "nan", "1000001", "1e300", "inf"])
def test_an_age_that_leads_to_no_date_is_refused(words: Sequence[str], hours: str) -> None:
    *command, option = words
    with pytest.raises(CommandError, match=rf"^{option} \S+: give a number of hours from 0 to 1,000,000$"):
        call_command(*command, f"{option}={hours}")


@each_command
@pytest.mark.django_db
def test_the_greatest_age_leads_to_one(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    *command, option = words
    call_command(*command, f"{option}=1000000")
    assert capsys.readouterr().out.startswith("deleted 0 ")


@pytest.mark.parametrize("setting", ["INBOX_RETENTION_HOURS", "OUTBOX_RETENTION_HOURS"])
def test_a_setting_that_leads_to_no_date_is_refused_by_its_name(setting: str, settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, setting: 1_000_001}
    with pytest.raises(ConfigurationError, match=rf"STRANGLER\['{setting}'\]: .* less than or equal to 1000000"):
        kit.load()


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        (["inbox_prune"], "INBOX_RETENTION_HOURS"),
        (["outbox_prune"], "OUTBOX_RETENTION_HOURS"),
        (["saga", "prune"], "INBOX_RETENTION_HOURS"),
        (["prune_inventory"], "INBOX_RETENTION_HOURS"),
        (["prune_payments"], "INBOX_RETENTION_HOURS"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
@pytest.mark.django_db
def test_without_the_option_the_setting_says_how_old(
    words: Sequence[str], setting: str, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.STRANGLER = {**settings.STRANGLER, setting: 1234.5}
    call_command(*words)
    assert "1234.5 hours" in capsys.readouterr().out
