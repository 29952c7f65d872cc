"""A handler may take many events at once; it is held to the same promises as any other."""

from __future__ import annotations

import pytest

from strangler.inbox import subscribe_batch
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import Subscriptions, subscriptions
from tests.sample import handlers
from tests.sample.events import StepIgnored, StepTaken
from tests.unit.inbox.conftest import Group, incoming, step


def test_what_has_come_together_is_handed_over_together(group: Group) -> None:
    sizes = group.take_batches()
    group.handle(step("a", 1), step("b", 1), step("a", 2))
    group.handle(step("a", 3))
    assert sizes == [3, 1]
    assert (group.steps_of("a"), group.steps_of("b")) == ([1, 2, 3], [1])


def test_a_bad_one_is_found_by_handing_over_each_alone_and_only_its_key_waits(group: Group) -> None:
    sizes = group.take_batches()
    handlers.broken_things.add("bad")
    group.handle(step("good", 1), step("bad", 1), step("good", 2), step("bad", 2))
    assert sizes == [4, 1, 1, 1]
    assert group.steps_of("good") == [1, 2]
    assert "bad cannot take step 1" in ParkedMessage.objects.get(attempts=1).error
    group.handle(step("good", 3), step("bad", 3), step("good", 4))
    assert sizes == [4, 1, 1, 1, 2]
    handlers.broken_things.clear()
    group.work_off()
    assert (group.steps_of("good"), group.steps_of("bad")) == ([1, 2, 3, 4], [1, 2, 3])


def test_events_of_one_key_keep_their_order_between_a_batch_handler_and_another(group: Group) -> None:
    sizes = group.take_batches()
    ignored = incoming(StepIgnored(thing="a", step=3))
    group.handle(step("a", 1), step("b", 1), step("a", 2), ignored, step("a", 4), step("b", 2))
    assert sizes == [3, 2]
    assert (group.steps_of("a"), group.steps_of("b")) == ([1, 2, 3, 4], [1, 2])


def test_subscribing_registers_a_handler_of_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Subscriptions()
    monkeypatch.setattr("strangler.inbox.subscriptions.subscriptions", known)
    subscribe_batch(StepTaken, group="many")(lambda events: None)
    (subscription,) = known
    assert (subscription.group, subscription.event_class, subscription.batch) == ("many", StepTaken, True)
    assert "many" not in subscriptions.groups()
