"""Answers late, twice, out of order and contradictory, deadlines, failures and people, in any order.

Whatever happens, everybody ends: completed with every step done, or compensated with nothing left, undone in reverse.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from strangler.inbox.incoming import Incoming
from strangler.saga import operations
from strangler.saga.models import SagaInstance
from tests.sample import sagas as sample
from tests.sample.events import LegDone, LegRefused
from tests.sample.models import Effect
from tests.support.trips import ENDS, STEPS, expect_a_sound_end
from tests.unit.inbox.conftest import again
from tests.unit.saga.conftest import Trips, answer_to_the_latest

TRIPS = ("a", "b")
LEGS = ("hotel", "flight")
trips, legs = st.sampled_from(TRIPS), st.sampled_from(LEGS)
fragile = st.sampled_from(
    [*(f"run {step}" for step in STEPS), *(f"undo {step}" for step in STEPS), "done hotel", "done flight", "call off"]
)


class AnyOrder(RuleBasedStateMachine):
    """`sent`: every answer there ever was, to be delivered any number of times."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.saga = Trips()
        self.sent: list[Incoming] = []
        self.ended: dict[str, str] = {}

    def teardown(self) -> None:
        try:
            self.everything_comes_to_its_end()
        finally:
            sample.broken.clear()
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @initialize(mood=st.sampled_from(["ok", "ok", "sold_out"]))
    def begin(self, mood: str) -> None:
        for trip in TRIPS:
            self.saga.start(trip, mood=mood)

    @rule(trip=trips, leg=legs, done=st.booleans(), deliver=st.booleans())
    def answer(self, trip: str, leg: str, done: bool, deliver: bool) -> None:
        event = LegDone(trip=trip, leg=leg) if done else LegRefused(trip=trip, leg=leg, reason="full")
        self.sent.append(answer_to_the_latest(event))
        if deliver:
            self.saga.handle(self.sent[-1])

    @rule(trip=trips)
    def answer_what_is_asked(self, trip: str) -> None:
        instance = self.saga.of(trip)
        if instance.status == "waiting":
            self.answer(trip, instance.step, done=True, deliver=True)

    @precondition(lambda self: self.sent)
    @rule(which=st.lists(st.integers(0, 10**6), min_size=1, max_size=4), redelivered=st.booleans())
    def deliver(self, which: list[int], redelivered: bool) -> None:
        """Late, again, several in one transaction."""
        chosen = [self.sent[place % len(self.sent)] for place in which]
        self.saga.handle(*(again(message, redelivered=redelivered) for message in chosen))

    @rule(trip=trips)
    def time_passes(self, trip: str) -> None:
        self.saga.pass_time(trip)

    @rule(trip=trips, what=fragile)
    def breaks(self, trip: str, what: str) -> None:
        sample.broken.add((trip, what))

    @rule()
    def is_mended(self) -> None:
        sample.broken.clear()

    @rule(trip=trips)
    def a_person_resumes(self, trip: str) -> None:
        operations.resume([self.saga.of(trip)], by="a person")

    @rule(trip=trips)
    def a_person_calls_it_off(self, trip: str) -> None:
        operations.compensate([self.saga.of(trip)], by="a person")

    @invariant()
    def who_is_under_way_will_be_looked_after(self) -> None:
        for instance in SagaInstance.objects.all():
            assert (instance.due_at is None) == (instance.status in {"stuck", *ENDS}), instance.status

    @invariant()
    def who_has_ended_stays_so(self) -> None:
        for instance in SagaInstance.objects.filter(finished_at__isnull=False):
            end = "compensated" if instance.undoing else "completed"
            assert self.ended.setdefault(instance.key, end) == end
            assert end in ("compensated", instance.status)

    @invariant()
    def it_is_told_at_most_once_that_it_was_called_off(self) -> None:
        told = Counter(Effect.objects.filter(consumer_group="call off").values_list("thing", flat=True))
        assert all(times == 1 for times in told.values())

    def everything_comes_to_its_end(self) -> None:
        sample.broken.clear()
        for _ in range(30):
            operations.resume(SagaInstance.objects.filter(status="stuck"), by="a person")
            if not self.saga.pass_time():
                break
        for trip in TRIPS:
            ended = self.saga.of(trip)
            history = [(entry.what, entry.step) for entry in ended.history.all()]
            expect_a_sound_end(ended.status, self.saga.effects(trip), history)


@pytest.mark.django_db
def test_everybody_comes_to_an_end_with_nothing_left_half_done() -> None:
    """Without shrinking, which takes minutes on a database: a failure prints its steps."""
    options: Any = {"max_examples": 40, "stateful_step_count": 25, "deadline": None, "database": None}
    phases = (Phase.explicit, Phase.generate)
    run_state_machine_as_test(AnyOrder, settings=settings(**options, phases=phases))
