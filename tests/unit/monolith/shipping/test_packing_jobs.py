"""Choreography: shipping opens and ends its jobs by what others tell, in whatever order it hears of it."""

from itertools import permutations

import pytest

from monolith.inventory.ownership import hand_over
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.services import cancel_order, refund_order
from monolith.shipping.handlers import GROUP
from monolith.shipping.models import PackingJob
from monolith.shipping.services import ship
from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import read
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.outbox.models import OutboxMessage
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db


def told():
    """What was published and shipping has asked for."""
    wanted = subscriptions.of_group(GROUP)
    rows = OutboxMessage.objects.filter(routing_key__in=list(wanted)).order_by("position")
    return list(rows.values_list("payload", flat=True))


def hear(*payloads):
    policy = RetryPolicy(3, 1e-6, 1e-6)
    handling = GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=policy)
    for payload in payloads:
        handling.handle([read(Delivery(payload.encode(), redelivered=False, tag=None))])
    assert not ParkedMessage.objects.exists()


def jobs():
    return dict(PackingJob.objects.values_list("order_number", "status"))


@pytest.mark.parametrize("pay", ["now", "on_shipment"])
def test_a_job_is_opened_when_the_payment_is_authorised_and_nobody_asks_for_it(pay):
    order = OrderFactory(pay=pay)
    assert jobs() == {}
    hear(*told())
    assert jobs() == {order.number: "open"}


ENDS = {"ship": "done", "cancel": "dropped", "refund": "dropped"}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_is_heard_of_first_the_job_ends_the_same(end):
    order = OrderFactory()
    {"ship": ship, "cancel": lambda order: cancel_order(order, "no"), "refund": refund_order}[end](order)
    assert len(told()) == 2
    for payloads in permutations(told()):
        PackingJob.objects.all().delete()
        hear_anew(*payloads)
        assert jobs() == {order.number: ENDS[end]}


def hear_anew(*payloads):
    from strangler.inbox.models import InboxMessage

    InboxMessage.objects.all().delete()
    hear(*payloads)


def test_a_part_that_left_leaves_the_job_open():
    order = OrderFactory(cart=CartFactory(items=2))
    ship(order, {order.lines.first().sku: 1})
    hear(*told())
    assert jobs() == {order.number: "open"}


def test_done_stays_done_when_the_money_goes_back():
    order = OrderFactory()
    ship(order)
    refund_order(order)
    hear(*told())
    assert jobs() == {order.number: "done"}


def test_many_are_taken_together(django_assert_max_num_queries):
    for _ in range(5):
        OrderFactory()
    deliveries = [read(Delivery(payload.encode(), redelivered=False, tag=None)) for payload in told()]
    handling = GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=RetryPolicy(3, 1, 1))
    with django_assert_max_num_queries(12):
        handling.handle(deliveries)
    assert set(jobs().values()) == {"open"}
    assert len(jobs()) == 5


def test_orchestration_and_choreography_side_by_side():
    """The saga decides whether there is an order. Shipping is not one of its steps, and has its job all the same."""
    cart, sides = CartFactory(), TwoSides()
    hand_over(list(cart.items.values_list("variant__sku", flat=True)))
    sides.deliver_all()
    order = OrderFactory(cart=cart)
    hear(*told())
    assert jobs() == {}
    sides.deliver_all()
    hear(*told())
    assert jobs() == {order.number: "open"}
