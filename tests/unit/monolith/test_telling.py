"""What contexts tell again to whoever was not there: the events of then, from the rows as they are now."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monolith.catalog import telling as catalog
from monolith.catalog.factories import VariantFactory
from monolith.catalog.services import withdraw
from monolith.customers import telling as customers
from monolith.customers.factories import CustomerFactory
from monolith.customers.models import Customer
from monolith.inventory import telling as inventory
from monolith.inventory.factories import StockItemFactory, WarehouseFactory
from monolith.inventory.models import StockMovement
from monolith.inventory.services import dispatch_transfer, plan_transfer, receive_transfer
from monolith.orders import telling as orders
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order, refund_order
from monolith.shipping import services as shipping
from monolith.shipping.factories import ReturnFactory
from monolith.shipping.models import Return
from monolith.shipping.returns import told_again as returns_told_again
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db

ROWS = {
    "catalog": (catalog.products, catalog.told_again),
    "customers": (Customer.objects.all, customers.told_again),
    "movements": (lambda: StockMovement.objects.select_related("item__warehouse"), inventory.told_again),
    "orders": (lambda: Order.objects.prefetch_related("lines"), orders.told_again),
    "returns": (
        lambda: Return.objects.select_related("order").prefetch_related("lines__order_line"),
        returns_told_again,
    ),
}


def told(what):
    rows, told_again = ROWS[what]
    return list(told_again(list(rows().order_by("pk"))))


def comparable(events):
    return {(event.event_type, event.aggregate_id): event.model_dump(mode="json") for event in events}


def live(published, *types):
    return {(row["type"].rpartition(".v")[0], row["subject"]): row["data"] for t in types for row in published(t)}


def test_orders_are_told_in_the_words_of_then(published):
    cancel_order(OrderFactory(), "no")
    refunded = OrderFactory(cart=CartFactory(items=2))
    refund_order(refunded)
    OrderFactory()
    again = comparable(told("orders"))
    for event in again.values():
        event.pop("refunded_at", None)
    then = live(published, "orders.order_placed", "orders.order_cancelled", "orders.order_refunded")
    for event in then.values():
        event.pop("refunded_at", None)  # the ledger's moment, a little earlier
    assert again == then
    assert [event.event_type.partition("_")[2] for event in told("orders")] == [
        *("placed", "cancelled"),
        *("placed", "refunded"),
        "placed",
    ]


def test_stock_is_told_movement_by_movement_with_the_levels_of_now(published):
    item = StockItemFactory()
    received = receive_transfer(dispatch_transfer(plan_transfer(item.warehouse, WarehouseFactory(), {item.sku: 3})))
    events = told("movements")
    assert [(event.event_type.partition(".")[2], event.quantity) for event in events] == [
        ("stock_adjusted", 100),
        ("stock_dispatched", 3),
        ("stock_received", 3),
    ]
    assert [event.on_hand for event in events] == [97, 97, 3]
    assert {event.transfer for event in events[1:]} == {received.number}
    names = ("movement", "moved_at", "quantity", "transfer")
    [then] = published("inventory.stock_received")
    assert {name: events[2].model_dump(mode="json")[name] for name in names} == {n: then["data"][n] for n in names}


def test_what_is_off_sale_is_described_and_withdrawn():
    withdraw(VariantFactory(sku="MUG").sku)
    VariantFactory(sku="CUP")
    assert [(event.event_type.partition("_")[2], event.sku) for event in told("catalog")] == [
        *(("changed", "MUG"), ("withdrawn", "MUG")),
        ("published", "CUP"),
    ]


def test_a_customer_is_told_by_the_name_of_now():
    customer = CustomerFactory(name="Ada")
    Customer.objects.update(name="Ada King")
    [event] = told("customers")
    assert (event.customer_id, event.name, event.email) == (customer.pk, "Ada King", customer.email)


def test_only_returns_that_came_are_told(published):
    ReturnFactory()
    came = ReturnFactory(status=Return.Status.RECEIVED)
    rejected = ReturnFactory()
    shipping.reject_return(rejected, "not ours")
    assert comparable(told("returns")) == live(published, "shipping.return_received")
    assert [event.return_number for event in told("returns")] == [came.number]


def test_telling_again_publishes_nothing_by_itself():
    OrderFactory()
    before = OutboxMessage.objects.count()
    for what in ROWS:
        told(what)
    assert OutboxMessage.objects.count() == before


@pytest.mark.parametrize("what", ROWS)
def test_more_rows_take_no_more_queries(what):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            told(what)
        return len(caught)

    def happen():
        ReturnFactory(status=Return.Status.RECEIVED)
        refund_order(OrderFactory(cart=CartFactory(items=2)))

    happen()
    few = queries()
    happen()
    happen()
    assert queries() == few
