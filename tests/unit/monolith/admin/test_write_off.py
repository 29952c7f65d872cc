import pytest

from monolith.inventory.models import StockItem, StockMovement
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.models import Order
from monolith.payments.models import LedgerEntry, Payment
from monolith.shipping.factories import ShipmentFactory
from monolith.shipping.models import Shipment
from strangler.outbox.models import OutboxMessage
from tests.unit.monolith.admin.conftest import act, url

pytestmark = pytest.mark.django_db


def test_a_lost_parcel_is_written_off_in_three_contexts_at_once(desk):
    parcel = ShipmentFactory(status="dispatched")
    on_hand = {item.pk: item.on_hand for item in StockItem.objects.all()}
    assert act(desk, Order, "write_off", parcels=[parcel.pk]) == ["Orders with parcels written off: 1"]
    assert Shipment.objects.get().status == "lost"
    movement = StockMovement.objects.get(reason="written_off")
    assert (movement.quantity, movement.reference) == (0, parcel.number)
    assert {item.pk: item.on_hand for item in StockItem.objects.all()} == on_hand
    assert LedgerEntry.objects.get(kind="refunded").amount == Payment.objects.get().refunded > 0


def test_nobody_is_told_about_it(desk):
    """The price of going past the services, which the guides take away."""
    parcel = ShipmentFactory(status="dispatched")
    before = OutboxMessage.objects.count()
    act(desk, Order, "write_off", parcels=[parcel.pk])
    assert OutboxMessage.objects.count() == before


def test_of_several_parcels_only_the_lost_one_is_paid_back(desk):
    order = OrderFactory(cart=CartFactory(items=2))
    first, second = order.lines.all()
    lost = ShipmentFactory(order=order, quantities={first.sku: 1}, status="dispatched")
    ShipmentFactory(order=order, quantities={first.sku: 1, second.sku: 2}, status="dispatched")
    page = desk.post(url(Order, "change", order.pk), {"action": "write_off"}).content.decode()
    assert page.count('type="checkbox" name="parcels"') == 2
    act(desk, Order, "write_off", parcels=[lost.pk])
    assert Payment.objects.get().refunded == first.total / 2
    assert Payment.objects.get().status == "partially_refunded"
    assert list(order.shipments.order_by("pk").values_list("status", flat=True)) == ["lost", "dispatched"]


def test_an_order_paid_back_in_full_is_refunded(desk):
    """Its shipping cost once more by hand: what a parcel is worth is its goods."""
    parcel = ShipmentFactory(status="dispatched")
    goods = sum(line.total for line in parcel.order.lines.all())
    act(desk, Order, "refund", amount=Payment.objects.get().refundable - goods)
    act(desk, Order, "write_off", parcels=[parcel.pk])
    assert (Payment.objects.get().status, Order.objects.get().status) == ("refunded", "refunded")


def test_what_is_not_under_way_cannot_be_lost(desk):
    packed = ShipmentFactory()
    assert act(desk, Order, "write_off") == ["There is no parcel under way, so none can be lost."]
    assert act(desk, Order, "write_off", parcels=[packed.pk]) == ["There is no parcel under way, so none can be lost."]
    delivered = ShipmentFactory(status="delivered")
    ShipmentFactory(status="dispatched")
    act(desk, Order, "write_off", parcels=[delivered.pk])
    assert not Shipment.objects.filter(status="lost").exists()
