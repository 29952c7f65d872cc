"""The reader's views against the classes their owners publish."""

import json

import pytest

from extracted.notifications import events as views
from strangler.inbox.models import ParkedMessage
from strangler.messaging import encode, open_as, seal
from tests.unit.extracted.notifications.factories import (
    cancelled,
    captured,
    delivered,
    dispatched,
    placed,
    refunded,
    rejected,
    returned,
)

PAIRS = [
    (views.OrderPlaced, placed),
    (views.OrderRejected, rejected),
    (views.OrderCancelled, cancelled),
    (views.PaymentCaptured, captured),
    (views.PaymentRefunded, refunded),
    (views.ShipmentDispatched, dispatched),
    (views.ReturnReceived, returned),
]
each_event = pytest.mark.parametrize(("view", "publish"), PAIRS, ids=[view.__name__ for view, _ in PAIRS])


@each_event
def test_a_view_names_the_event_as_its_owner_does(view, publish):
    owners = type(publish())
    names = ("event_type", "version", "owner", "aggregate_type", "key_field", "kind")
    assert [getattr(view, name) for name in names] == [getattr(owners, name) for name in names]


@each_event
def test_a_view_asks_for_nothing_that_its_owner_does_not_tell(view, publish):
    assert set(view.model_fields) <= set(type(publish()).model_fields)


@each_event
def test_a_view_reads_what_its_owner_publishes(view, publish):
    event = publish()
    read = open_as(seal(event, source="shop"), view)
    told = event.model_dump(mode="json")
    assert view.model_validate(told) == read
    assert read.model_dump(mode="json", exclude={"lines", "ship_to"}) == {
        name: told[name] for name in set(view.model_fields) - {"lines", "ship_to"}
    }


@each_event
def test_a_field_nobody_told_us_about_is_no_problem(view, publish):
    document = json.loads(encode(seal(publish(), source="shop")))
    document["data"]["loyalty_points"] = {"earned": 12}
    envelope = delivered(json.dumps(document)).envelope
    assert open_as(envelope, view).order_number == "S-1"


def test_an_event_without_an_address_is_a_dead_letter_that_names_the_field(handle):
    document = json.loads(encode(seal(placed(), source="shop", stages="notifications=extracted")))
    del document["data"]["customer_email"]
    handle(delivered(json.dumps(document)))
    [dead] = ParkedMessage.objects.all()
    assert dead.status == "dead"
    assert "customer_email: Field required" in dead.error
