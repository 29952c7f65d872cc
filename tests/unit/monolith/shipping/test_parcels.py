from datetime import timedelta

import pytest
from django.utils import timezone

from monolith.errors import IllegalTransition
from monolith.notifications.models import Email
from monolith.orders.services import refund_order
from monolith.shipping.factories import ShipmentFactory, ShipmentLineFactory, TrackingEventFactory
from monolith.shipping.models import Return, Shipment, TrackingEvent
from monolith.shipping.services import declare_lost, deliver, dispatch, report_tracking, ship
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db
BOOKING = {"carrier": "Paketo", "tracking_number": "PA1"}
Status = Shipment.Status


def status_of(order):
    order.refresh_from_db()
    return order.status


def test_a_dispatched_parcel_is_told_to_everybody(published, mailoutbox, django_capture_on_commit_callbacks):
    shipment = ShipmentFactory()
    with django_capture_on_commit_callbacks(execute=True):
        dispatch(shipment, **BOOKING)
    [event] = published("shipping.shipment_dispatched")
    assert (event["data"]["carrier"], event["data"]["tracking_number"]) == ("Paketo", "PA1")
    [mail] = [mail for mail in mailoutbox if "on its way" in mail.subject]
    assert mail.to == [shipment.order.customer_email]
    assert "Tracking number: PA1" in mail.body
    assert Email.objects.get(template="shipment_dispatched").cause == event["id"]


def test_with_the_last_parcel_the_whole_order_is_delivered(two_warehouses, published_types):
    order = two_warehouses()
    first, second = (dispatch(shipment, **BOOKING) for shipment in ship(order))
    deliver(first)
    assert status_of(order) == "shipped"
    deliver(second)
    assert status_of(order) == "delivered"
    assert published_types()[-2:] == ["shipping.shipment_delivered", "orders.order_delivered"]
    assert order.delivered_at


def test_an_order_that_is_not_all_shipped_is_not_delivered(new_order):
    order = new_order()
    [part] = ship(order, {order.lines.get().sku: 1})
    deliver(dispatch(part, **BOOKING))
    assert status_of(order) == "partially_shipped"


def test_a_refunded_order_stays_refunded_when_its_parcel_arrives_after_all():
    shipment = ShipmentFactory(status=Status.DISPATCHED)
    refund_order(shipment.order)
    deliver(shipment)
    assert status_of(shipment.order) == "refunded"


def test_a_lost_parcel_is_told_and_does_not_keep_the_others_from_being_the_delivery(two_warehouses, published):
    order = two_warehouses()
    first, second = (dispatch(shipment, **BOOKING) for shipment in ship(order))
    deliver(first)
    declare_lost(second)
    assert status_of(order) == "delivered"
    [lost] = published("shipping.shipment_lost")
    assert (lost["data"]["shipment_number"], lost["data"]["tracking_number"]) == (second.number, "PA1")


def test_an_order_whose_only_parcel_is_lost_is_not_delivered():
    shipment = declare_lost(ShipmentFactory(status=Status.DISPATCHED))
    assert status_of(shipment.order) == "shipped"


def test_the_carrier_may_repeat_itself():
    shipment = ShipmentFactory(status=Status.DISPATCHED)
    now = timezone.now()
    report_tracking(shipment, "Delivered to a neighbour", "Berlin", now)
    report_tracking(shipment, "In the sorting centre", "Leipzig", now - timedelta(hours=9))
    report_tracking(shipment, "Delivered to a neighbour", "Berlin", now)
    assert [event.place for event in shipment.tracking.all()] == ["Leipzig", "Berlin"]


@pytest.mark.parametrize("model", [Shipment, Return], ids=lambda model: model.__name__)
def test_every_pair_of_states_is_either_legal_or_refused_with_the_legal_moves(model):
    for old in model.Status:
        for new in model.Status:
            thing = model(status=old)
            legal = model.LEGAL_MOVES[old]
            if new in legal:
                thing.move_to(new)
                assert thing.status == new
                continue
            with pytest.raises(IllegalTransition, match=" or ".join(legal) or "that is final"):
                thing.move_to(new)
            assert thing.status == old


def test_a_parcel_is_neither_dispatched_twice_nor_delivered_before(published):
    packed = ShipmentFactory()
    with pytest.raises(IllegalTransition, match="can only become dispatched"):
        deliver(packed)
    dispatch(packed, **BOOKING)
    with pytest.raises(IllegalTransition, match="can only become delivered or lost"):
        dispatch(packed, carrier="Blitz", tracking_number="BL1")
    assert len(published("shipping.shipment_dispatched")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_parcels_arriving_at_once_deliver_the_order_once(two_warehouses, published):
    order = two_warehouses()
    ship(order)
    parcels = list(order.shipments.all())
    assert {parcel.status for parcel in parcels} == {"dispatched"}
    done, _ = at_once([lambda parcel=parcel: deliver(parcel) for parcel in parcels])
    assert (len(done), status_of(order)) == (2, "delivered")
    assert len(published("orders.order_delivered")) == 1


def test_the_factories_make_what_the_services_would():
    delivered = ShipmentFactory(status=Status.DELIVERED)
    assert (delivered.order.shipments.get(), status_of(delivered.order)) == (delivered, "delivered")
    assert ShipmentLineFactory().shipment.status == "packed"
    assert TrackingEventFactory().shipment.tracking.get() == TrackingEvent.objects.get()
