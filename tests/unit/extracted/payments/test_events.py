"""What the service reads and publishes, against the classes of the other publisher of the context, the monolith."""

import pytest

from extracted.payments import events
from extracted.payments.domain.events import STREAM_EVENTS
from monolith.payments import events as owner
from strangler.messaging import Event, EventKind
from tests.unit.extracted.payments.factories import (
    AT,
    authorised,
    captured,
    handed_over,
    recalled,
    refunded,
    requested,
    told,
    voided,
)

ASKED = requested("charge", answer_by=AT)
ANSWER = {"request": ASKED.request, "order_number": "S-1", "action": "charge"}
FLAG = {"customer_email": "ada@example.com", "rule": "sum", "count": 2, "total": "900.00", "window_seconds": 600}
TOLD = [
    authorised(),
    captured(),
    voided(),
    refunded(),
    told(),
    handed_over(),
    recalled(),
    ASKED,
    events.PaymentRequestDone(**ANSWER, status="captured", captured_total="1.00", refunded_total="0.00"),
    events.PaymentRequestRefused(**ANSWER, code="payment_declined", reason="no"),
    events.PaymentRequestDeferred(**ANSWER, until=AT, reason="away"),
    events.PaymentRequestRedirected(**ANSWER, epoch=2),
    events.PaymentFlagged(order_number="S-1", **FLAG, flagged_at=AT),
]
each_event = pytest.mark.parametrize("event", TOLD, ids=[type(event).__name__ for event in TOLD])


def owners(event: Event) -> type[Event]:
    """The class of the same name in the monolith; those of the protocol come with its side of it."""
    found = getattr(owner, type(event).__name__, None)
    return found or pytest.skip(f"the monolith declares no {type(event).__name__} yet")


@each_event
def test_both_publishers_name_it_alike(event):
    names = ("event_type", "version", "owner", "aggregate_type", "key_field", "kind")
    assert [getattr(type(event), name) for name in names] == [getattr(owners(event), name) for name in names]


@each_event
def test_what_one_tells_the_other_reads_without_a_loss(event):
    """In both directions: the service publishes the owner's events, so it may lack none of their fields."""
    if "status" not in owner.PaymentEvent.model_fields and "status" in type(event).model_fields:
        pytest.skip("the monolith does not tell the new fields yet")
    document = event.model_dump(mode="json")
    read = owners(event).model_validate(document)
    assert read.model_dump(mode="json") == document
    assert set(type(event).model_fields) == set(owners(event).model_fields)


def test_every_event_of_the_service_is_held_to_this():
    declared = {
        each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Event) and each.event_type
    }
    assert declared - {Event} == {type(event) for event in TOLD}


def test_events_of_the_stream_are_nobody_elses():
    assert {event.kind for event in STREAM_EVENTS} == {EventKind.DOMAIN}
    assert not {event.event_type for event in STREAM_EVENTS} & {type(event).event_type for event in TOLD}
