"""A checkout of goods whose stock the inventory service keeps: pending, then placed, or cancelled and explained."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from monolith.errors import IllegalTransition, NothingToShip, OrderPending, OutOfStock
from monolith.inventory.models import Change, Reservation, StockItem
from monolith.inventory.ownership import recall
from monolith.notifications.models import Email
from monolith.orders import outcomes
from monolith.orders.carts import add_to_cart, hold
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Promotion
from monolith.orders.services import cancel_order, refund_order
from monolith.payments import gateway
from monolith.payments.models import Payment
from monolith.shipping.services import ship
from strangler.saga import operations
from strangler.saga.models import SagaInstance
from tests.unit.monolith.orders.conftest import saga_of, skus_of

pytestmark = pytest.mark.django_db

CARD = "tok_of_ada_4711"


def templates():
    return sorted(Email.objects.values_list("template", flat=True))


def orders_told(published_types):
    return [kind for kind in published_types() if kind.startswith("orders.")]


def reserved_at_the_service(sides, sku):
    return sum(reserved for _, reserved in sides.service.levels[sku].values())


def check_nothing_is_left(sides, order):
    assert not Reservation.objects.filter(reference=order.number, status="active").exists()
    assert not any(each.reference == order.number for mine in sides.service.promises.values() for each in mine)
    assert not Change.objects.filter(status__in=Change.OPEN).exists()


def test_an_order_is_pending_until_the_service_has_answered(cart, sides, published_types):
    before = len(published_types())
    order = OrderFactory(cart=cart)
    assert (order.status, order.cancel_code) == ("pending", "")
    assert not Payment.objects.exists()
    assert templates() == []
    assert not cart.items.exists()
    assert published_types()[before:] == ["inventory.stock_change_requested", "orders.order_requested"]


def test_once_the_goods_are_reserved_it_is_paid_placed_and_confirmed(pending, sides, again, published_types):
    sides.deliver_all()
    order = again(pending)
    line = order.lines.get()
    assert (order.status, line.warehouse) == ("placed", "MAIN")
    assert Payment.objects.get(order_number=order.number).captured == order.total
    assert reserved_at_the_service(sides, line.sku) == StockItem.objects.get(sku=line.sku).reserved == 2
    assert orders_told(published_types) == ["orders.order_requested", "orders.order_placed"]
    assert templates() == ["order_confirmation", "payment_receipt"]
    assert saga_of(order).status == "completed"


def test_order_placed_tells_what_it_tells_of_an_order_that_is_placed_at_once(pending, sides, published):
    sides.deliver_all()
    at_once = OrderFactory()
    mine, theirs = (envelope["data"] for envelope in published("orders.order_placed"))
    assert mine.keys() == theirs.keys()
    assert (mine["order_number"], theirs["order_number"]) == (pending.number, at_once.number)
    assert mine["placed_at"] == pending.placed_at.isoformat().replace("+00:00", "Z")
    assert (mine["total"], mine["lines"][0]["quantity"]) == (theirs["total"], 2)


def test_what_is_not_in_stock_cancels_it_with_the_reason(sides, again, published, published_types):
    item = CartItemFactory(quantity=101)
    sides.give_away(item.variant.sku)
    order = OrderFactory(cart=item.cart)
    sides.deliver_all()
    order = again(order)
    assert (order.status, order.cancel_code) == ("cancelled", "out_of_stock")
    assert "Not enough in stock" in order.cancel_reason
    assert orders_told(published_types) == ["orders.order_requested", "orders.order_rejected"]
    [told] = published("orders.order_rejected")
    assert (told["data"]["code"], told["data"]["reason"]) == ("out_of_stock", order.cancel_reason)
    assert templates() == ["order_rejected"]
    assert not Payment.objects.exists()
    assert saga_of(order).status == "compensated"
    check_nothing_is_left(sides, order)


def test_the_reason_is_kept_and_told_in_full_however_much_is_short(pending, again, published):
    reason = f"Not enough in stock: {', '.join(f'SKU-{n:05d} (wanted 101, left 0)' for n in range(20))}."
    outcomes.reject(pending.number, code="out_of_stock", reason=reason)
    assert again(pending).cancel_reason == published("orders.order_rejected")[0]["data"]["reason"] == reason
    assert reason in Email.objects.get().body


def test_a_declined_card_gives_the_goods_back_and_cancels_it(cart, sides, again):
    [sku] = skus_of(cart)
    order = OrderFactory(cart=cart, card_token="tok_declined")
    sides.deliver_all()
    order = again(order)
    assert (order.status, order.cancel_code) == ("cancelled", "payment_declined")
    assert "could not be charged 53.19 EUR: the bank declined it" in order.cancel_reason
    assert reserved_at_the_service(sides, sku) == StockItem.objects.get().reserved == 0
    assert templates() == ["order_rejected"]
    check_nothing_is_left(sides, order)


def test_whoever_could_not_buy_has_goods_and_code_in_the_cart_again(cart, sides):
    [sku] = skus_of(cart)
    cart.promotion = PromotionFactory(max_redemptions=1)
    cart.save()
    OrderFactory(cart=cart, card_token="tok_declined")
    assert Promotion.objects.get().redemptions == 1
    sides.deliver_all()
    assert Promotion.objects.get().redemptions == 0
    cart.refresh_from_db()
    assert list(cart.items.values_list("variant__sku", "quantity")) == [(sku, 2)]
    order = OrderFactory(cart=cart)
    sides.deliver_all()
    order.refresh_from_db()
    assert (order.status, order.discount) == ("placed", Decimal("3.98"))


def test_a_cart_that_was_filled_meanwhile_is_left_alone(cart, sides):
    OrderFactory(cart=cart, card_token="tok_declined")
    other = CartItemFactory(cart=cart, quantity=7)
    sides.deliver_all()
    assert list(cart.items.values_list("variant__sku", "quantity")) == [(other.variant.sku, 7)]


def test_a_service_that_does_not_answer_is_asked_three_times_and_then_the_order_is_cancelled(pending, sides, again):
    requests = []
    for _ in range(3):
        requests += [message for message in sides.lose("service") if "stock_change_requested" in message]
        assert again(pending).status == "pending"
        sides.pass_time()
    order = again(pending)
    assert len(requests) == 3
    assert (order.status, order.cancel_code) == ("cancelled", "no_answer")
    assert "did not answer in time" in order.cancel_reason
    assert templates() == ["order_rejected"]


def test_goods_that_are_reserved_after_all_are_given_back(pending, sides, again):
    for _ in range(3):
        sides.pass_time()
    assert again(pending).cancel_code == "no_answer"
    sides.come_to_rest()
    assert sides.service.answers, "it was reserved after all"
    assert again(pending).status == "cancelled"
    assert templates() == ["order_rejected"]
    check_nothing_is_left(sides, pending)


def test_asked_again_the_service_reserves_once(pending, sides, again):
    sides.pass_time()
    sides.deliver_all()
    sku = pending.lines.get().sku
    assert (again(pending).status, reserved_at_the_service(sides, sku)) == ("placed", 2)
    assert Payment.objects.count() == 1


def test_the_last_second_counts_whichever_of_answer_and_deadline_is_first(pending, sides, again):
    """The service has answered, and the answer is on its way while the shop asks once more."""
    sides.collect()
    for place in sides.waiting():
        if place[0] == "service":
            sides.deliver(place, most=50)
    sides.pass_time()
    sides.deliver_all()
    assert again(pending).status == "placed"
    assert templates() == ["order_confirmation", "payment_receipt"]


@pytest.mark.parametrize("quantity", [2, 101], ids=["placed", "cancelled"])
def test_an_order_of_goods_of_both_sides_has_all_of_them_or_none(sides, again, quantity):
    cart = CartFactory()
    [ours] = skus_of(cart)
    theirs = CartItemFactory(cart=cart, quantity=quantity).variant.sku
    sides.give_away(theirs)
    order = OrderFactory(cart=cart)
    assert StockItem.objects.get(sku=ours).reserved == 2
    sides.come_to_rest()
    order = again(order)
    if quantity == 2:
        assert order.status == "placed"
        assert set(order.lines.values_list("warehouse", flat=True)) == {"MAIN"}
        return
    assert order.cancel_code == "out_of_stock"
    assert StockItem.objects.get(sku=ours).reserved == 0
    check_nothing_is_left(sides, order)


def test_goods_that_come_home_meanwhile_are_reserved_here_and_every_line_has_its_warehouse(sides, again):
    """One SKU comes home, the other stays: the answer to the second question alone would know one warehouse."""
    cart = CartFactory(items=2)
    home, away = skus_of(cart)
    sides.give_away(home, away)
    recall([home])
    sides.collect()
    sides.deliver(next(place for place in sides.waiting() if place[0] == "service"))
    order = OrderFactory(cart=cart)
    sides.come_to_rest()
    order = again(order)
    assert order.status == "placed"
    assert dict(order.lines.values_list("sku", "warehouse")) == {home: "MAIN", away: "MAIN"}
    assert StockItem.objects.get(sku=home).reserved == reserved_at_the_service(sides, away) == 2


def test_a_pending_order_can_be_neither_cancelled_nor_refunded_nor_shipped(pending, sides, again):
    with pytest.raises(OrderPending, match=r"not placed yet\. Wait until it is, a few minutes at most"):
        cancel_order(pending, "changed my mind")
    with pytest.raises(IllegalTransition, match="it can only become placed or cancelled"):
        refund_order(pending)
    with pytest.raises((IllegalTransition, NothingToShip)):
        ship(pending)
    sides.deliver_all()
    assert cancel_order(pending, "changed my mind").status == "cancelled"
    sides.deliver_all()
    assert again(pending).cancel_code == ""
    check_nothing_is_left(sides, pending)


def test_what_the_service_has_reserved_is_shipped_as_ever(pending, sides, again):
    sides.deliver_all()
    ship(again(pending))
    sides.deliver_all()
    assert again(pending).status == "shipped"
    assert StockItem.objects.get().on_hand == 98


# The card.


def everything_written():
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            yield from ((table, row) for (row,) in cursor.fetchall())


def tables_with_the_card():
    return {table for table, row in everything_written() if CARD in row}


@pytest.mark.parametrize("end", ["placed", "payment_declined", "out_of_stock"])
def test_the_card_is_known_while_it_is_needed_and_then_it_is_not(cart, sides, again, monkeypatch, end):
    if end == "payment_declined":
        monkeypatch.setitem(gateway.DECLINED_CARDS, CARD, "the bank declined it")
    if end == "out_of_stock":
        sides.service.levels[skus_of(cart)[0]]["MAIN"][0] = 1
    order = OrderFactory(cart=cart, card_token=CARD)
    assert tables_with_the_card() == {"strangler_saga"}
    sides.deliver_all()
    assert again(order).cancel_code == ("" if end == "placed" else end)
    assert tables_with_the_card() == set()


def test_without_an_answer_the_card_is_forgotten_too(cart, sides):
    OrderFactory(cart=cart, card_token=CARD)
    for _ in range(3):
        sides.pass_time()
    assert tables_with_the_card() == set()


def test_an_order_that_is_placed_at_once_never_writes_the_card_down():
    OrderFactory(card_token=CARD)
    assert tables_with_the_card() == set()


# What a person has to see to.


def test_a_gateway_that_is_away_is_asked_again_and_then_a_person(pending, sides, again, monkeypatch, caplog):
    with monkeypatch.context() as away:
        away.setattr(gateway, "authorise", fails_with(OSError("502")))
        sides.deliver_all()
        for _ in range(5):
            sides.pass_time()
        assert saga_of(pending).status == "stuck"
        assert "502" in saga_of(pending).error
        assert again(pending).status == "pending"
    operations.resume([saga_of(pending)], by="grace")
    sides.pass_time()
    assert again(pending).status == "placed"
    assert Payment.objects.count() == 1
    assert CARD not in caplog.text


@pytest.mark.parametrize("broken", ["monolith.orders.outcomes.place", "monolith.payments.gateway.authorise"])
def test_what_a_person_calls_off_is_given_back_and_the_customer_told(cart, sides, again, monkeypatch, broken):
    order = OrderFactory(cart=cart, card_token=CARD)
    monkeypatch.setattr(broken, fails_with(OSError("out of paper")))
    sides.deliver_all()
    for _ in range(5):
        sides.pass_time()
    operations.compensate([saga_of(order)], by="grace")
    sides.pass_time()
    sides.come_to_rest()
    order = again(order)
    assert (order.status, order.cancel_code) == ("cancelled", "called_off")
    assert set(Payment.objects.values_list("status", flat=True)) <= {"refunded"}
    assert "order_rejected" in templates()
    assert tables_with_the_card() == set()
    check_nothing_is_left(sides, order)


def fails_with(error):
    def fail(*_args, **_more):
        raise error

    return fail


# Holds.


def test_goods_of_the_service_are_held_for_whoever_is_at_the_checkout(cart, sides, again):
    [sku] = skus_of(cart)
    until, certain = hold(cart)
    assert not certain
    sides.deliver_all()
    assert reserved_at_the_service(sides, sku) == 2
    assert Reservation.objects.get(status="active").expires_at == until
    order = OrderFactory(cart=cart)
    sides.deliver_all()
    assert again(order).status == "placed"
    assert reserved_at_the_service(sides, sku) == 2, "the hold is let go in the same go"


def test_what_there_is_not_enough_of_by_the_figures_here_is_not_even_asked_for(sides):
    item = CartItemFactory(quantity=101)
    sides.give_away(item.variant.sku)
    with pytest.raises(OutOfStock, match=r"wanted 101, left 100\). Lower the quantity"):
        hold(item.cart)
    assert not Change.objects.exists()


def test_who_holds_the_last_units_may_hold_them_again(sides):
    item = CartItemFactory(quantity=100)
    sides.give_away(item.variant.sku)
    for _ in range(2):
        hold(item.cart)
        sides.deliver_all()
    assert reserved_at_the_service(sides, item.variant.sku) == 100


@pytest.mark.parametrize("taken", [0, 99])
def test_a_hold_that_expires_while_the_order_waits_leaves_nobody_hanging(cart, sides, again, taken):
    [sku] = skus_of(cart)
    hold(cart)
    sides.deliver_all()
    order = OrderFactory(cart=cart)
    let_the_hold_expire(sides, sku)
    sides.service.levels[sku]["MAIN"][0] -= taken
    sides.come_to_rest()
    order = again(order)
    assert order.status == ("cancelled" if taken else "placed")
    assert order.cancel_code == ("out_of_stock" if taken else "")


def let_the_hold_expire(sides, sku):
    sides.service.said = []
    sides.service.let_go(sku, f"cart:{CartFactory._meta.model.objects.get().pk}", 2)
    for event in sides.service.said:
        sides.post(event)


def test_a_hold_of_this_side_that_expires_while_the_rest_is_asked_for_is_reserved_already(sides, again):
    cart = CartFactory()
    [ours] = skus_of(cart)
    sides.give_away(CartItemFactory(cart=cart).variant.sku)
    hold(cart)
    order = OrderFactory(cart=cart)
    Reservation.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now() - timedelta(seconds=1))
    sides.come_to_rest()
    assert again(order).status == "placed"
    assert StockItem.objects.get(sku=ours).reserved == 2


def test_two_orders_of_one_customer_wait_side_by_side(cart, sides, again):
    first = OrderFactory(cart=cart, card_token="tok_declined")
    add_to_cart(cart, first.lines.get().sku, 1)
    second = OrderFactory(cart=cart)
    sides.deliver_all()
    assert (again(first).status, again(second).status) == ("cancelled", "placed")
    assert SagaInstance.objects.count() == 2


def test_the_back_office_leads_from_an_order_to_its_saga(pending, admin_client):
    page = admin_client.get(reverse("admin:orders_order_change", args=[pending.pk]))
    [link] = [link for link in page.context["links"] if link.label == "Checkout"]
    [instance] = admin_client.get(link.url).context["cl"].result_list
    assert (instance.key, instance.status, instance.step) == (pending.number, "waiting", "stock")
    shown = admin_client.get(reverse("admin:orders_order_changelist"), {"status__exact": "pending"})
    assert list(shown.context["cl"].result_list) == [pending]
