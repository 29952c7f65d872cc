"""Delivered at least once, handled exactly once, in order per key; a bad message holds up its own key alone."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from strangler.errors import InboxError
from strangler.inbox import operations, subscribe
from strangler.inbox.models import DeadLetter, InboxMessage, ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Event, encode, incoming_message, seal
from tests.sample import handlers
from tests.sample.events import StepIgnored, StepTaken
from tests.sample.models import Effect
from tests.unit.inbox.conftest import Group, again, incoming, raw, step


def test_a_message_is_handled_once_however_often_it_comes(group: Group) -> None:
    message = step("a", 1)
    group.handle(message)
    group.handle(message)
    group.handle(again(message), again(message, redelivered=False))
    group.work_off()
    assert group.steps_of("a") == [1]
    assert InboxMessage.objects.count() == 1


def test_a_batch_costs_as_many_statements_for_its_inbox_whatever_its_size(group: Group) -> None:
    def of_the_kit(count: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            group.handle(*[step(f"{count}-{number}", 1) for number in range(count)])
        return sum("strangler_" in query["sql"] for query in queries)

    assert of_the_kit(1) == of_the_kit(50)


def test_a_failing_message_rolls_back_alone_and_later_ones_of_its_key_wait(group: Group) -> None:
    handlers.broken_things.add("bad")
    group.handle(step("good", 1), step("bad", 1), step("bad", 2), step("good", 2), step("bad", 3))
    assert group.steps_of("good") == [1, 2]
    assert group.steps_of("bad") == []
    assert group.statuses() == ["retrying"] * 3
    assert InboxMessage.objects.count() == 2


def test_what_waited_is_handled_in_order_once_the_cause_is_mended(group: Group) -> None:
    handlers.broken_things.add("bad")
    group.handle(step("bad", 1), step("bad", 2))
    group.handle(step("bad", 3))
    handlers.broken_things.clear()
    group.handle(step("bad", 4))
    group.work_off()
    assert group.steps_of("bad") == [1, 2, 3, 4]
    assert not ParkedMessage.objects.exists()


def test_a_message_is_dead_after_the_last_attempt_and_says_why(group: Group) -> None:
    group.handle(step("bad", 1, mood="fail"), step("bad", 2))
    group.work_off()
    dead = DeadLetter.objects.get(status="dead")
    assert dead.attempts == 3
    assert "bad cannot take step 1" in dead.error
    assert group.statuses() == ["dead", "retrying"]
    assert group.steps_of("bad") == []


def test_what_a_lost_rival_finished_meanwhile_is_not_done_again(group: Group) -> None:
    message = step("a", 1)
    group.handle(again(message))  # parked: it may be with another consumer still
    InboxMessage.objects.create(consumer_group="sample", message_id=message.id, handled_at=timezone.now())
    group.work_off()
    assert group.steps_of("a") == []
    assert not ParkedMessage.objects.exists()


def test_a_dead_letter_redriven_keeps_the_order_of_its_key(group: Group) -> None:
    handlers.broken_things.add("bad")
    group.handle(step("bad", 1), step("bad", 2))
    group.work_off()
    handlers.broken_things.clear()
    group.handle(step("bad", 3))
    call_command("redrive", key="sample.thing:bad")
    group.handle(step("bad", 4))
    group.work_off()
    assert group.steps_of("bad") == [1, 2, 3, 4]


def test_a_discarded_letter_stays_on_file_and_lets_later_ones_go_on(group: Group) -> None:
    message = step("bad", 1)
    handlers.broken_things.add("bad")
    group.handle(message, step("bad", 2))
    group.work_off()
    operations.discard(DeadLetter.objects.all())
    handlers.broken_things.clear()
    group.work_off()
    group.handle(again(message), again(message, redelivered=False))
    group.work_off()
    assert group.steps_of("bad") == [2]
    assert group.statuses() == ["discarded"]


def test_a_corrected_letter_is_handled_in_place_of_what_arrived(group: Group) -> None:
    group.handle(step("bad", 1, mood="fail"))
    group.work_off()
    dead = DeadLetter.objects.get(status="dead")
    document = json.loads(dead.payload)
    document["data"]["mood"] = "ok"
    dead.correction = json.dumps(document)
    dead.save()
    operations.redrive(DeadLetter.objects.all())
    group.work_off()
    assert group.steps_of("bad") == [1]


def test_a_handler_started_as_often_as_allowed_without_an_end_is_dead(group: Group) -> None:
    group.handle(step("bad", 1, redelivered=True))
    ParkedMessage.objects.update(attempts=3)  # three starts on record, and never a verdict
    group.work_off()
    assert "its process died" in DeadLetter.objects.get(status="dead").error


def test_a_redelivered_message_is_started_on_record(group: Group) -> None:
    group.handle(step("a", 1, redelivered=True), step("a", 2))
    assert group.steps_of("a") == []
    group.work_off()
    assert group.steps_of("a") == [1, 2]


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"\xff\x00no message", "not a CloudEvents"), (b"{}", "id: Field required"), (b'{"type": "\\u0000"}', "id")],
)
def test_bytes_that_are_no_message_are_kept_for_a_person_to_see(group: Group, body: bytes, said: str) -> None:
    group.handle(raw(body), step("a", 1), raw(body))
    dead = DeadLetter.objects.get(status="dead")
    assert said in dead.error
    assert group.steps_of("a") == [1]


def test_a_message_nobody_handles_is_dead_at_once_and_says_what_to_do(group: Group) -> None:
    group.handle(incoming(StepIgnored(thing="a", step=1)))
    assert "no handler for sample.step_ignored.v1: deploy one" in DeadLetter.objects.get(status="dead").error


def test_a_handler_knows_the_message_it_handles(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(handlers, "Effect", type("Spy", (), {"objects": _Spy(seen)}))
    message = step("a", 1)
    group.handle(message)
    assert seen == [message.envelope]
    assert incoming_message() is None


class _Spy:
    def __init__(self, seen: list[object]) -> None:
        self.seen = seen

    def create(self, **_: object) -> None:
        self.seen.append(incoming_message())


@pytest.mark.django_db(transaction=True)
def test_a_batch_whose_commit_fails_is_handled_one_by_one(group: Group) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE UNIQUE INDEX one_step_each ON sample_effect (thing, step);"
            "ALTER TABLE sample_effect ADD CONSTRAINT one_step UNIQUE USING INDEX one_step_each"
            " DEFERRABLE INITIALLY DEFERRED"
        )
    try:
        group.handle(step("a", 1), step("b", 1), step("b", 1), step("c", 1))
        assert [group.steps_of(thing) for thing in "abc"] == [[1], [1], [1]]
        assert "one_step" in ParkedMessage.objects.get().error
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sample_effect DROP CONSTRAINT one_step")


@pytest.mark.django_db(transaction=True)
def test_a_failing_on_commit_hook_neither_loses_nor_doubles_a_message(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(**values: object) -> Effect:
        transaction.on_commit(lambda: 1 / 0)
        return Effect._default_manager.create(**values)

    monkeypatch.setattr(
        handlers, "Effect", type("Hooked", (), {"objects": type("M", (), {"create": staticmethod(create)})})
    )
    group.handle(step("a", 1), step("b", 1))
    group.work_off()
    assert (group.steps_of("a"), group.steps_of("b")) == ([1], [1])
    assert not ParkedMessage.objects.exists()


def test_two_handlers_of_one_event_in_one_group_are_refused() -> None:
    with pytest.raises(InboxError, match=r"group 'sample' handles 'sample\.step_taken' twice"):

        @subscribe(StepTaken, group="sample")
        def another(event: StepTaken) -> None: ...


def test_an_unknown_group_is_told_which_there_are() -> None:
    with pytest.raises(InboxError, match=r"no handler subscribes in group 'nobody'.*sample"):
        subscriptions.of_group("nobody")


def test_an_event_published_by_a_handler_is_caused_by_the_message(group: Group) -> None:
    from strangler.outbox import publish
    from strangler.outbox.models import OutboxMessage

    message = step("a", 1)
    original = handlers.Effect.objects.create
    try:
        handlers.Effect.objects.create = lambda **_: publish(StepIgnored(thing="a", step=1))  # type: ignore[method-assign]
        group.handle(message)
    finally:
        handlers.Effect.objects.create = original  # type: ignore[method-assign]
    payload = json.loads(OutboxMessage.objects.get().payload)
    assert payload["causationid"] == str(message.id)


def test_a_sealed_event_of_another_shape_is_dead_with_the_field_at_fault(group: Group) -> None:
    class Misfit(Event, type="sample.step_taken", aggregate="thing", key="thing"):
        thing: str

    group.handle(raw(encode(seal(Misfit(thing="a"), source="tests")).encode()))
    assert "step: Field required" in DeadLetter.objects.get(status="dead").error
