"""Rules the database and the order's number keep, whoever writes."""

from decimal import Decimal

import pytest
from django.db import IntegrityError

from monolith.errors import NotFound
from monolith.orders.factories import OrderFactory, OrderLineFactory
from monolith.orders.models import ALPHABET, Order, OrderLine, new_order_number
from monolith.orders.selectors import order_visible_to, orders_visible_to


def test_order_numbers_are_readable_and_do_not_repeat():
    numbers = {new_order_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(set(number.removeprefix("S-").replace("-", "")) <= set(ALPHABET) for number in numbers)


@pytest.mark.parametrize(
    ("nonsense", "constraint"),
    [
        (lambda: Order.objects.update(total=Decimal(1)), "orders_total_adds_up"),
        (lambda: Order.objects.update(discount=-1, tax=0, total=Decimal("45.70")), "orders_discount_in_subtotal"),
        (lambda: OrderLine.objects.update(quantity=0), "orders_line_quantity_positive"),
        (lambda: OrderLine.objects.update(discount=40), "orders_line_discount_in_line"),
    ],
)
@pytest.mark.django_db
def test_the_database_refuses_what_no_service_would_write(nonsense, constraint):
    OrderFactory()
    with pytest.raises(IntegrityError, match=constraint):
        nonsense()


@pytest.mark.django_db
def test_a_line_of_the_factory_belongs_to_an_order_that_adds_up():
    line = OrderLineFactory()
    assert line.order.total == line.total + line.order.shipping_cost + Decimal("0.93")


@pytest.mark.django_db
def test_a_customer_sees_only_her_own_orders(customer, staff):
    order = OrderFactory()
    assert list(orders_visible_to(order.customer.user)) == list(orders_visible_to(staff)) == [order]
    assert order_visible_to(order.customer.user, order.number.lower()) == order
    with pytest.raises(NotFound, match=f"You have no order {order.number}"):
        order_visible_to(customer.user, order.number)
