"""A checker that never says no proves nothing: the real stack with a relay, and an inbox, broken on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


@pytest.mark.timeout(280)
def test_a_relay_that_settles_before_the_broker_confirmed_is_caught() -> None:
    """What it has in hand while the broker is away is lost, and the outbox says that it was carried."""
    faults = [Fault("broker-kill", "broker", 0.5), Fault("stall", "relay-broker", 0.1)]
    broken = claims_that_do_not_hold("hasty-relay", faults, settings={"shop": "tests.chaos.hasty_relay"})
    assert any("events were handled, just these" in claim for claim in broken), broken
    assert any("e-mails written and sent" in claim for claim in broken), broken
    assert not any("nothing is pending" in claim for claim in broken), (
        "by the outbox all is well: who asks it, is fooled"
    )


@pytest.mark.timeout(280)
def test_an_inbox_that_does_not_drop_doubles_is_caught() -> None:
    """What it has handled and not yet acknowledged when the connection breaks comes again."""
    faults = [Fault("delay", "auditor-broker", 1.0)] * 3
    broken = claims_that_do_not_hold("forgetful-inbox", faults, inbox=FORGETFUL)
    assert any("no message was handled twice" in claim for claim in broken), broken
    assert any("follows from the one before" in claim for claim in broken) or len(broken) == 1, broken


def claims_that_do_not_hold(
    name: str, faults: Sequence[Fault], *, settings: Mapping[str, str] | None = None, inbox: str = ""
) -> list[str]:
    workspace = Workspace(scratch() / name)
    workspace.make_anew()
    steps = [Step(number, 8, (fault,), 2.0) for number, fault in enumerate(faults, start=1)]
    with World(workspace, "pgmq", print, settings) as world:
        world.start(Steps(Console()))
        if inbox:
            with world.servers.services.connect("auditor") as connection:
                connection.execute(inbox)
        run = Run(world, seed=1, tell=print, silence=SILENCE_SECONDS)
        evidence = run.go(steps, seconds=120)
    return [finding.claim for finding in judge(evidence) if not finding.holds]
