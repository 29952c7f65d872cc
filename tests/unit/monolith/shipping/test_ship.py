from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monolith.errors import IllegalTransition, NothingToShip
from monolith.inventory.models import Reservation, StockItem
from monolith.orders.models import Order, OrderLine
from monolith.orders.services import cancel_order
from monolith.payments.models import Payment
from monolith.shipping.models import Shipment, ShipmentLine
from monolith.shipping.portions import share
from monolith.shipping.selectors import unshipped
from monolith.shipping.services import ship
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db


def first_sku(order):
    return order.lines.first().sku


def captures(order):
    entries = Payment.objects.get(order_number=order.number).entries.filter(kind="captured")
    return list(entries.order_by("id").values_list("amount", flat=True))


def test_shipping_all_packs_one_parcel_and_takes_the_goods_off_the_shelf(new_order):
    order = new_order(items=2)
    [shipment] = ship(order)
    assert list(shipment.lines.values_list("quantity", flat=True)) == [2, 2]
    assert list(StockItem.objects.values_list("on_hand", "reserved")) == [(98, 0)] * 2
    assert set(Reservation.objects.values_list("status", flat=True)) == {"fulfilled"}
    order.refresh_from_db()
    assert (order.status, shipment.status, unshipped(order)) == ("shipped", "packed", {})


def test_shipping_publishes_what_left_and_from_where(new_order, published):
    order = new_order()
    [shipment] = ship(order)
    [packed] = published("shipping.shipment_packed")
    [line] = order.lines.all()
    assert packed["subject"] == order.number
    assert packed["data"] == {
        "order_number": order.number,
        "shipment_number": shipment.number,
        "customer_email": order.customer_email,
        "customer_name": order.customer_name,
        "warehouse": shipment.warehouse,
        "lines": [{"sku": line.sku, "name": line.name, "quantity": 2}],
        "packed_at": packed["data"]["packed_at"],
    }
    [shipped] = published("orders.order_shipped")
    assert shipped["data"]["complete"] is True


def test_a_part_can_go_first_and_the_rest_stays_reserved(new_order, published):
    order = new_order(items=2)
    sku = first_sku(order)
    ship(order, {sku: 1})
    order.refresh_from_db()
    assert order.status == "partially_shipped"
    assert unshipped(order)[sku] == 1
    assert StockItem.objects.get(sku=sku).reserved == 1
    ship(order, {sku: 1})
    order.refresh_from_db()
    assert order.status == "partially_shipped"
    ship(order)
    order.refresh_from_db()
    assert (order.status, Shipment.objects.count()) == ("shipped", 3)
    assert [event["data"]["complete"] for event in published("orders.order_shipped")] == [False, False, True]
    assert sum(ShipmentLine.objects.values_list("quantity", flat=True)) == 4


def test_goods_of_two_warehouses_go_in_two_parcels(two_warehouses):
    order = two_warehouses()
    shipments = ship(order)
    by_warehouse = {shipment.warehouse: shipment.lines.get().order_line.sku for shipment in shipments}
    assert by_warehouse == {"MAIN": first_sku(order), "WEST": order.lines.last().sku}
    assert len(captures(order)) == 1
    order.refresh_from_db()
    assert order.status == "shipped"


def test_more_than_was_ordered_is_refused_by_name_and_nothing_moves(new_order):
    order = new_order()
    sku = first_sku(order)
    with pytest.raises(NothingToShip, match=rf"{sku} \(wanted 3, possible 2\), TEAPOT \(wanted 1, possible 0\)"):
        ship(order, {sku: 3, "TEAPOT": 1})
    with pytest.raises(NothingToShip, match="wanted 0"):
        ship(order, {sku: 0})
    with pytest.raises(NothingToShip, match=f"name what should be shipped; possible: 2 x {sku}"):
        ship(order, {})
    assert not Shipment.objects.exists()
    assert StockItem.objects.get().on_hand == 100


def test_what_is_shipped_is_not_shipped_again(new_order):
    order = new_order()
    ship(order)
    with pytest.raises(NothingToShip, match="everything is shipped already"):
        ship(order)


def test_a_cancelled_order_is_not_shipped(new_order):
    order = new_order()
    cancel_order(order, "changed her mind")
    with pytest.raises(IllegalTransition, match="cancelled and can't become shipped: that is final"):
        ship(order)


def test_each_parcel_takes_the_money_for_what_is_in_it_and_the_last_one_the_shipping_cost_too(new_order):
    order = new_order(items=2)
    line = order.lines.first()
    ship(order, {line.sku: 1})
    assert captures(order) == [line.total / 2]
    ship(order)
    assert sum(captures(order)) == order.total
    assert Payment.objects.get().status == "captured"


def test_what_was_paid_at_checkout_is_not_taken_again(new_order):
    order = new_order(pay="now")
    ship(order, {first_sku(order): 1})
    ship(order)
    assert captures(order) == [order.total]


def test_a_line_that_nobody_reserved_is_named(new_order):
    order = new_order()
    OrderLine.objects.update(warehouse="")
    with pytest.raises(NothingToShip, match=f"{first_sku(order)} is reserved in no warehouse"):
        ship(order)


def test_more_lines_take_no_more_queries(new_order, django_assert_max_num_queries, django_assert_num_queries):
    few, many = new_order(items=2), new_order(items=8)
    with django_assert_max_num_queries(100) as caught:
        ship(few)
    with django_assert_num_queries(len(caught)):
        ship(many)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_ships_once(new_order):
    order = new_order(items=2)
    done, refused = at_once([lambda: ship(order)] * 4, expected=NothingToShip)
    assert (len(done), len(refused)) == (1, 3)
    assert Shipment.objects.count() == 1
    assert captures(order) == [order.total]
    assert set(StockItem.objects.values_list("on_hand", flat=True)) == {98}


@pytest.mark.django_db(transaction=True)
def test_an_order_is_either_shipped_or_cancelled(new_order):
    for _ in range(3):
        order = new_order()
        calls = [lambda order=order: ship(order), lambda order=order: cancel_order(order, "too late")]
        done, refused = at_once(calls, expected=IllegalTransition)
        assert (len(done), len(refused)) == (1, 1)
        shipped = Shipment.objects.filter(order=order).exists()
        assert (Order.objects.get(pk=order.pk).status == "cancelled") is not shipped
    assert not StockItem.objects.filter(reserved__gt=0).exists()


@given(
    price=st.decimals("0.01", "999.99", places=2),
    tax=st.decimals("0.00", "99.99", places=2),
    parts=st.lists(st.integers(1, 9), min_size=1, max_size=6),
)
def test_however_a_line_is_cut_up_its_shares_add_up(price, tax, parts):
    line = OrderLine(quantity=sum(parts), unit_price=price, discount=Decimal("0.00"), tax=tax)
    shares = [share(line, sum(parts[:n]), part) for n, part in enumerate(parts)]
    assert sum(shares) == line.total
    assert all(part >= 0 for part in shares)
