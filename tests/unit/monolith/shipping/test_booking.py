"""The carrier is booked after the commit, by a task."""

import pytest
from django.db import transaction

from monolith.shipping import carrier
from monolith.shipping.factories import ShipmentFactory
from monolith.shipping.models import Shipment
from monolith.shipping.services import book_carrier, ship
from monolith.shipping.tasks import book_carrier as task

pytestmark = pytest.mark.django_db


def test_the_carrier_is_booked_once_the_shipment_is_committed(new_order, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        [shipment] = ship(new_order(shipping_method="express"))
        assert Shipment.objects.get().status == "packed"
    shipment.refresh_from_db()
    assert (shipment.status, shipment.carrier) == ("dispatched", "Blitz")
    assert shipment.tracking_number == carrier.book(shipment.number, method="express").tracking_number


@pytest.mark.django_db(transaction=True)
def test_no_carrier_is_booked_for_a_shipment_that_was_rolled_back(new_order, monkeypatch):
    booked = []
    monkeypatch.setattr(carrier, "book", lambda *args, **kwargs: booked.append(args))
    order = new_order()
    with transaction.atomic():
        ship(order)
        transaction.set_rollback(True)
    assert (booked, Shipment.objects.count()) == ([], 0)


def test_a_task_sent_twice_books_once(published):
    shipment = ShipmentFactory()
    assert [task.delay(shipment.pk).state for _ in range(2)] == ["SUCCESS"] * 2
    assert len(published("shipping.shipment_dispatched")) == 1


def test_a_carrier_that_is_not_there_for_a_moment_is_asked_again(monkeypatch):
    shipment, asked, book = ShipmentFactory(), [], carrier.book

    def answer_the_third_time(*args, **kwargs):
        asked.append(args)
        if len(asked) < 3:
            raise ConnectionError("no answer")
        return book(*args, **kwargs)

    monkeypatch.setattr(carrier, "book", answer_the_third_time)
    task.delay(shipment.pk)
    shipment.refresh_from_db()
    assert (len(asked), shipment.status) == (3, "dispatched")


def test_a_carrier_that_never_answers_undoes_nothing_and_a_person_can_try_again(
    new_order, monkeypatch, django_capture_on_commit_callbacks
):
    def no_answer(*_args, **_kwargs):
        raise ConnectionError("no answer")

    monkeypatch.setattr(carrier, "book", no_answer)
    with django_capture_on_commit_callbacks(execute=True):
        [shipment] = ship(new_order())
    monkeypatch.undo()
    assert Shipment.objects.get().status == "packed"
    with django_capture_on_commit_callbacks(execute=True):
        book_carrier(shipment)
    assert Shipment.objects.get().status == "dispatched"


def test_the_same_parcel_has_the_same_tracking_number_however_often_it_is_booked():
    first = carrier.book("P-1", method="standard")
    assert first == carrier.book("P-1", method="standard") != carrier.book("P-2", method="standard")
    assert first.carrier != carrier.book("P-1", method="express").carrier
