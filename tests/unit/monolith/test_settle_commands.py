"""What `settle_stock` and `settle_payments` have in common."""

from dataclasses import fields

import pytest
from django.core.management import CommandError, call_command, load_command_class

from monolith.settling import Settled

COMMANDS = [("monolith.inventory", "settle_stock"), ("monolith.payments", "settle_payments")]


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_nothing_that_was_done_goes_untold(app, name):
    assert list(load_command_class(app, name).words) == [field.name for field in fields(Settled)]


@pytest.mark.parametrize(("_", "name"), COMMANDS)
@pytest.mark.parametrize("interval", ["0", "-1"])
def test_an_interval_of_no_time_is_refused(_, name, interval):
    with pytest.raises(CommandError, match=f"--interval must be more than 0 seconds, not {interval}"):
        call_command(name, f"--interval={interval}")
