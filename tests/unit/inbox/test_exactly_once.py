"""Whatever the broker repeats, and whenever a handler fails: every message has its effect once, in order per key."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strangler.inbox import operations
from strangler.inbox.models import DeadLetter, ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from tests.sample import handlers
from tests.unit.inbox.conftest import Group, again, step

THINGS = "abc"
actions = st.lists(
    st.tuples(st.just("deliver"), st.integers(1, 6))
    | st.tuples(st.just("repeat"), st.integers(1, 8))
    | st.tuples(st.just("double"), st.integers(1, 8))
    | st.tuples(st.just("break"), st.sampled_from(THINGS))
    | st.tuples(st.just("mend"), st.sampled_from(THINGS))
    | st.tuples(st.just("retry"), st.integers(1, 5))
    | st.tuples(st.just("redrive"), st.just(0)),
    max_size=30,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=actions, order=st.lists(st.sampled_from(THINGS), min_size=1, max_size=25), batches=st.booleans())
def test_each_effect_happens_once_and_in_order(
    group: Group, plan: list[tuple[str, int | str]], order: str, batches: bool
) -> None:
    """Whether its handler takes one event or many."""
    group.handle_by(subscriptions.of_group("sample"))
    if batches:
        group.take_batches()
    with transaction.atomic():
        _play(group, plan, order)
        transaction.set_rollback(True)


def _play(group: Group, plan: list[tuple[str, int | str]], order: str) -> None:
    numbered = [step(thing, order[:place].count(thing)) for place, thing in enumerate(order)]
    handlers.broken_things.clear()
    sent = 0
    for action, argument in plan:
        if action == "deliver":
            group.handle(*numbered[sent : sent + int(argument)])
            sent += int(argument)
        elif action == "repeat":  # a consumer died: what it had comes again first
            group.handle(*[again(message) for message in numbered[max(0, sent - int(argument)) : sent]])
        elif action == "double":  # a relay died before it settled: the broker has a second copy of each
            group.handle(*[again(m, redelivered=False) for m in numbered[max(0, sent - int(argument)) : sent]])
        elif action == "break":
            handlers.broken_things.add(str(argument))
        elif action == "mend":
            handlers.broken_things.discard(str(argument))
        elif action == "retry":
            for _ in range(int(argument)):
                group.work_off()
        else:
            operations.redrive(DeadLetter.objects.all())
    handlers.broken_things.clear()
    group.handle(*numbered[sent:])
    operations.redrive(DeadLetter.objects.all())
    group.work_off()
    assert not ParkedMessage.objects.exists()
    for thing in THINGS:
        assert group.steps_of(thing) == list(range(list(order).count(thing)))
