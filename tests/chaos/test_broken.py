"""A checker that never says no proves nothing: the real stack with a relay, and an inbox, broken on purpose."""

from __future__ import annotations

import pytest
from rich.console import Console

from devstack.chaos.checks import judge
from devstack.chaos.run import Run
from devstack.chaos.schedule import Fault, Step
from devstack.chaos.world import World
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace
from tests.stack.postgres import scratch

SILENCE_SECONDS = 8.0
FORGETFUL = """
    CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM strangler_inbox WHERE message_id = NEW.message_id; RETURN NULL;
    END $$;
    CREATE TRIGGER forget AFTER INSERT ON strangler_inbox FOR EACH ROW EXECUTE FUNCTION forget();
"""
"""An inbox that remembers nothing of what it notes."""
FAULTS = (
    *(Fault("delay", "auditor-broker", 1.0), Fault("delay", "auditor-broker", 1.0)),
    *(Fault("broker-kill", "broker", 0.5), Fault("stall", "relay-broker", 0.1)),
)
STEPS = [Step(number, 8, (fault,), 2.0) for number, fault in enumerate(FAULTS, start=1)]


@pytest.mark.timeout(280)
def test_a_relay_that_settles_too_early_and_an_inbox_that_forgets_are_both_caught() -> None:
    """In one run: what is lost and what is doubled are found by different checks, neither of which sees the other."""
    broken = claims_that_do_not_hold()
    assert any("no message was handled twice" in claim for claim in broken), "what was not acknowledged comes again"
    assert any("events were handled, just these" in claim for claim in broken), "what the broker had no time to take"
    assert any("e-mails written and sent" in claim for claim in broken), broken
    assert not any("nothing is pending" in claim for claim in broken), "by the outbox, all is well"


def claims_that_do_not_hold() -> list[str]:
    workspace = Workspace(scratch() / "broken")
    workspace.make_anew()
    with World(workspace, "pgmq", print, {"shop": "tests.chaos.hasty_relay"}) as world:
        world.start(Steps(Console()))
        with world.servers.services.connect("auditor") as connection:
            connection.execute(FORGETFUL)
        evidence = Run(world, seed=1, tell=print, silence=SILENCE_SECONDS).go(STEPS, seconds=120)
    return [finding.claim for finding in judge(evidence) if not finding.holds]
