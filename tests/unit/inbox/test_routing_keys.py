"""What a group's queue is bound to: the types it handles, and the same told to it alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.core.management import call_command

from strangler.brokers import connect
from strangler.inbox.subscriptions import Subscription, Subscriptions, subscriptions
from tests.sample.events import StepIgnored, StepTaken
from tests.sample.handlers import note_the_step


def test_a_group_asks_for_each_type_and_for_what_is_told_to_it_alone() -> None:
    known = Subscriptions()
    known.add(Subscription("ours", StepTaken, note_the_step))
    known.add(Subscription("ours", StepIgnored, note_the_step))
    known.add(Subscription("theirs", StepTaken, note_the_step))
    assert known.routing_keys("ours") == [
        "sample.step_ignored",
        "sample.step_taken",
        "sample.step_ignored.backfill.ours",
        "sample.step_taken.backfill.ours",
    ]


def test_what_no_broker_could_route_by_is_left_out() -> None:
    """The group has handled this type for years; only a backfill would need more."""
    known = Subscriptions()
    for group in ("g" * 190, "ends.with.a.dot."):
        known.add(Subscription(group, StepTaken, note_the_step))
        assert known.routing_keys(group) == ["sample.step_taken"]


def test_declaring_a_group_binds_both(settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "EXCHANGE": f"x{uuid4().hex}"}
    call_command("consume", "--declare", "--group", "sample")
    broker = connect("memory://tests", exchange=settings.STRANGLER["EXCHANGE"])
    assert broker.takes("sample", subscriptions.routing_keys("sample")) == {
        "sample.step_taken",
        "sample.step_taken.backfill.sample",
    }
