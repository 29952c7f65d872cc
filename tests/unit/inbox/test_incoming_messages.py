"""A handler may look at the envelopes of what it handles, alone or in a batch."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from strangler.inbox.subscriptions import Subscription
from strangler.messaging import incoming_message, incoming_messages
from tests.sample.events import StepTaken
from tests.unit.inbox.conftest import Group, step


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("things", ["a", "abca"])
def test_messages_are_those_of_the_events_in_their_order(group: Group, things: str, batch: bool) -> None:
    seen: list[UUID] = []

    def look(events: Sequence[StepTaken] | StepTaken) -> None:
        taken = events if isinstance(events, Sequence) else [events]
        messages = incoming_messages()
        assert [message.data["step"] for message in messages] == [event.step for event in taken]
        assert incoming_message() == (messages[0] if len(messages) == 1 else None)
        seen.extend(message.id for message in messages)

    group.handle_by({"sample.step_taken": Subscription("sample", StepTaken, look, batch=batch)})
    told = [step(thing, number) for number, thing in enumerate(things)]
    group.handle(*told)
    assert seen == [message.id for message in told]
    assert incoming_messages() == ()


def test_after_a_batch_that_fails_each_sees_its_own(group: Group) -> None:
    seen: list[int] = []

    def look(events: Sequence[StepTaken]) -> None:
        seen.append(len(incoming_messages()))
        if len(events) > 1:
            raise ValueError("not all of them")

    group.handle_by({"sample.step_taken": Subscription("sample", StepTaken, look, batch=True)})
    group.handle(step("a", 1), step("b", 1))
    assert seen == [2, 1, 1]
