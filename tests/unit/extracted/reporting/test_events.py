"""The reader's views against the classes their owners publish."""

import json

import pytest

from extracted.reporting import events as views
from strangler.inbox.models import ParkedMessage
from strangler.messaging import encode, open_as, seal
from tests.unit.extracted.reporting import factories as told

PAIRS = [
    (views.OrderPlaced, told.placed()),
    (views.OrderCancelled, told.cancelled()),
    (views.OrderRefunded, told.refunded()),
    (views.ReturnReceived, told.returned()),
    (views.CustomerRegistered, told.registered()),
    (views.CustomerChanged, told.renamed()),
    (views.ProductPublished, told.published()),
    (views.ProductChanged, told.changed()),
    (views.StockAdjusted, told.adjusted(1)),
    (views.StockShipped, told.shipped(1)),
    (views.StockReturned, told.sent_back(1)),
    (views.StockDispatched, told.dispatched(1)),
    (views.StockReceived, told.received(1)),
]
each_event = pytest.mark.parametrize(("view", "event"), PAIRS, ids=[view.__name__ for view, _ in PAIRS])


@each_event
def test_a_view_names_the_event_as_its_owner_does(view, event):
    names = ("event_type", "version", "owner", "aggregate_type", "key_field", "kind")
    assert [getattr(view, name) for name in names] == [getattr(event, name) for name in names]


@each_event
def test_a_view_asks_for_nothing_that_its_owner_does_not_tell(view, event):
    assert set(view.model_fields) <= set(type(event).model_fields)


@each_event
def test_a_view_reads_what_its_owner_publishes(view, event):
    read = open_as(seal(event, source="shop"), view)
    for name in set(view.model_fields) - {"lines"}:
        assert getattr(read, name) == getattr(event, name)


@pytest.mark.django_db
def test_an_order_without_a_total_is_a_dead_letter_that_names_the_field(handle):
    document = json.loads(encode(seal(told.placed(), source="shop")))
    del document["data"]["total"]
    handle(told.delivered(json.dumps(document)))
    [dead] = ParkedMessage.objects.all()
    assert dead.status == "dead"
    assert "total: Field required" in dead.error
