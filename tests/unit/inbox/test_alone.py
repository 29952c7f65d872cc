"""A handler that locks what others lock too may have a transaction for each call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection

from strangler.inbox.subscriptions import Subscription
from tests.sample import handlers
from tests.sample.events import StepIgnored, StepTaken
from tests.unit.inbox.conftest import Group, incoming, note_the_ignored, step

pytestmark = pytest.mark.django_db(transaction=True)


class Transactions:
    """Those in which a handler was called, in order."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def noting(self, work: Callable[[Any], None]) -> Callable[[Any], None]:
        def handler(event: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()::text::bigint")
                self.numbers.append(cursor.fetchone()[0])
            work(event)

        return handler

    @property
    def calls_in_each(self) -> list[int]:
        return [self.numbers.count(number) for number in dict.fromkeys(self.numbers)]


def take(group: Group, taken: Subscription) -> None:
    ignored = Subscription("sample", StepIgnored, note_the_ignored)
    group.handle_by({"sample.step_taken": taken, "sample.step_ignored": ignored})


def note_all(events: Sequence[StepTaken]) -> None:
    for event in events:
        handlers.note_the_step(event)


@pytest.mark.parametrize(("alone", "calls"), [(False, [3]), (True, [1, 1, 1])])
def test_calls_share_a_transaction_unless_they_are_alone(group: Group, *, alone: bool, calls: list[int]) -> None:
    seen = Transactions()
    take(group, Subscription("sample", StepTaken, seen.noting(handlers.note_the_step), alone=alone))
    group.handle(step("a", 1), step("b", 1), step("a", 2))
    assert seen.calls_in_each == calls
    assert (group.steps_of("a"), group.steps_of("b")) == ([1, 2], [1])


def test_what_comes_one_after_the_other_is_one_call_of_a_batch_handler_still(group: Group) -> None:
    seen = Transactions()
    take(group, Subscription("sample", StepTaken, seen.noting(note_all), batch=True, alone=True))
    group.handle(step("a", 1), step("b", 1), incoming(StepIgnored(thing="c", step=1)), step("a", 2))
    assert seen.calls_in_each == [1, 1]
    assert (group.steps_of("a"), group.steps_of("b"), group.steps_of("c")) == ([1, 2], [1], [1])


def test_one_that_fails_alone_leaves_what_came_before_it_done(group: Group) -> None:
    take(group, Subscription("sample", StepTaken, handlers.note_the_step, alone=True))
    handlers.broken_things.add("bad")
    group.handle(step("good", 1), step("bad", 1), step("bad", 2), step("good", 2))
    assert group.steps_of("good") == [1, 2]
    handlers.broken_things.clear()
    group.work_off()
    assert group.steps_of("bad") == [1, 2]
