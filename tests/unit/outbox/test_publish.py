"""An event exists if and only if the transaction that published it committed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from strangler.errors import EventTooLarge, NotInTransaction, NotTheOwner
from strangler.messaging import Event, decode, working_for_request
from strangler.outbox import publish, publish_many
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepIgnored, StepTaken


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(NotInTransaction, match=r"StepTaken.*transaction\.atomic\(\)"):
        publish(StepTaken(thing="a", step=1))


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_rolled_back_transaction_never_existed() -> None:
    with transaction.atomic():
        publish(StepTaken(thing="a", step=1))
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
def test_the_row_is_the_message() -> None:
    with working_for_request("request-7"):
        message_id = publish(StepTaken(thing="a", step=1))
    row = OutboxMessage.objects.get()
    envelope = decode(row.payload)
    assert (row.id, row.type, row.correlation_id) == (message_id, "sample.step_taken.v1", "request-7")
    assert (envelope.id, envelope.type, envelope.subject) == (row.id, row.type, row.aggregate_id)
    assert envelope.partitionkey == f"{row.aggregate_type}:{row.aggregate_id}"
    assert row.routing_key == envelope.event_type == "sample.step_taken"


@pytest.mark.django_db
def test_many_events_cost_one_statement_and_keep_their_order() -> None:
    with CaptureQueriesContext(connection) as queries:
        publish_many([StepTaken(thing="a", step=step) for step in range(100)])
    assert [query["sql"].partition(" ")[0] for query in queries] == ["INSERT"]
    steps = [decode(row.payload).data["step"] for row in OutboxMessage.objects.order_by("position")]
    assert steps == list(range(100))


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 2])
def test_whatever_a_text_holds_is_stored_as_it_is(count: int) -> None:
    """One event and many."""
    thing = "a\tb\nc\\.\\N\r'\"%s{}\u2028\x7fŁ😀"
    ids = publish_many([StepTaken(thing=thing, step=1)] * count)
    for row in OutboxMessage.objects.all():
        envelope = decode(row.payload)
        assert (row.aggregate_id, envelope.subject, envelope.data["thing"]) == (thing, thing, thing)
        assert (row.id, row.created_at) == (envelope.id, envelope.time)
    assert sorted(ids) == sorted(OutboxMessage.objects.values_list("id", flat=True))


@pytest.mark.django_db
def test_what_is_published_together_belongs_together() -> None:
    """One conversation, also where nobody opened one."""
    publish_many([StepTaken(thing="a", step=step) for step in range(2)])
    first, second = (decode(row.payload) for row in OutboxMessage.objects.all())
    assert first.correlationid == second.correlationid
    assert first.traceparent.split("-")[1] == second.traceparent.split("-")[1]
    assert first.traceparent != second.traceparent


@pytest.mark.django_db
def test_an_event_too_large_is_refused_and_told_what_to_do_instead(settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "MAX_EVENT_BYTES": 2_000}
    with pytest.raises(
        EventTooLarge, match=r'StepTaken of sample\.thing b takes [\d,]+ bytes, STRANGLER\["MAX_EVENT_BYTES"\]'
    ):
        publish_many([StepTaken(thing="a", step=1), StepTaken(thing="b", step=1, mood="ü" * 1000)])
    assert not OutboxMessage.objects.exists()
    publish(StepTaken(thing="b", step=1, mood="u" * 1000))


@pytest.mark.django_db
def test_publishing_nothing_does_nothing() -> None:
    assert publish_many([]) == []


@pytest.mark.django_db
def test_only_the_owner_publishes() -> None:
    class Impostor(Event, type="orders.order_placed", key="thing"):
        thing: str

    Impostor.__module__ = "tests.sample.events"
    with pytest.raises(NotTheOwner, match=r"only the app labelled 'orders' publishes it.*app 'sample'"):
        publish(Impostor(thing="a"))


@pytest.mark.django_db
def test_an_event_of_no_installed_app_is_refused() -> None:
    class Stray(Event, type="nowhere.stray_found", key="thing"):
        thing: str

    with pytest.raises(NotTheOwner, match="in no installed app"):
        publish(Stray(thing="a"))


@pytest.mark.django_db
def test_the_stages_in_force_travel_with_the_event(settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"notifications": "extracted", "inventory": "canary:10"}}
    publish(StepTaken(thing="a", step=1))
    assert decode(OutboxMessage.objects.get().payload).stages == "inventory=canary:10,notifications=extracted"


@pytest.mark.django_db
def test_pruning_deletes_what_was_relayed_long_ago_and_nothing_else() -> None:
    publish_many([StepTaken(thing="a", step=step) for step in range(4)])
    old, fresh, pending, _ = OutboxMessage.objects.all()
    long_ago = timezone.now() - timedelta(days=30)
    OutboxMessage.objects.filter(id=old.id).update(created_at=long_ago, relayed_at=long_ago)
    OutboxMessage.objects.filter(id=fresh.id).update(relayed_at=timezone.now())
    OutboxMessage.objects.filter(id=pending.id).update(created_at=long_ago)
    call_command("outbox_prune")
    assert set(OutboxMessage.objects.values_list("position", flat=True)).isdisjoint({old.position})
    assert OutboxMessage.objects.count() == 3


@pytest.mark.django_db
def test_pruning_in_small_batches_deletes_everything_due() -> None:
    from strangler.outbox.retention import prune

    publish_many([StepIgnored(thing="a", step=step) for step in range(25)])
    OutboxMessage.objects.update(relayed_at=timezone.now())
    assert prune(using="default", older_than=timedelta(0), batch_size=10) == 25


def test_an_http_answer_names_its_correlation_id(client: Client, db: None) -> None:
    given = client.get("/api/health/", headers={"X-Correlation-ID": "abc-1"})
    made = client.get("/api/health/", headers={"X-Correlation-ID": "no\tgood" * 50})
    assert given["X-Correlation-ID"] == "abc-1"
    assert made["X-Correlation-ID"]
    assert made["X-Correlation-ID"] != given["X-Correlation-ID"]


def test_the_admin_finds_an_event_by_key_and_changes_nothing(admin_client: Client) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="needle", step=1))
        publish(StepTaken(thing="hay", step=1))
    page = admin_client.get("/admin/strangler_outbox/outboxmessage/", {"q": "needle"})
    assert b"needle" in page.content
    assert b"hay" not in page.content
    row = OutboxMessage.objects.get(aggregate_id="needle")
    assert admin_client.post(f"/admin/strangler_outbox/outboxmessage/{row.id}/change/", {}).status_code == 403
    assert admin_client.get("/admin/strangler_outbox/outboxmessage/add/").status_code == 403
