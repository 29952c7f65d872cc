from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from monolith.customers.factories import CustomerFactory
from monolith.orders.factories import OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import refund_order
from monolith.shipping import services as shipping
from monolith.shipping.models import Return
from monolith.storefront.progress import HEADLINES, progress_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(order):
    [packed] = shipping.ship(order)
    shipment = shipping.dispatch(packed, carrier="Paketo", tracking_number="PA1")
    shipping.report_tracking(shipment, "In the sorting centre", "Leipzig", datetime(2026, 1, 2, tzinfo=UTC))
    shipping.deliver(shipment)
    order.refresh_from_db()
    return order


def steps(answer):
    return [(step.name, step.state) for step in answer.context["progress"].steps]


def test_a_new_order_waits_to_be_shipped_and_may_be_cancelled(browser, at, order):
    answer = browser.get(at("order", number=order.number))
    assert steps(answer) == [("Placed", "done"), ("Shipped", "current"), ("Delivered", "coming")]
    assert "Cancel this order" in answer.text
    assert "data-expects-news" in answer.text


def test_a_delivered_order_shows_its_parcel_and_expects_no_more_news(browser, at, delivered):
    answer = browser.get(at("order", number=delivered.number))
    assert steps(answer) == [("Placed", "done"), ("Shipped", "done"), ("Delivered", "done")]
    for text in ("Paketo", "PA1", "In the sorting centre, Leipzig"):
        assert text in answer.text
    assert "data-expects-news" not in answer.text
    assert "Cancel this order" not in answer.text


def test_a_partly_shipped_order_says_so(browser, at, order_of):
    order = order_of(2)
    shipping.ship(order, {order.lines.first().sku: 1})
    answer = browser.get(at("order", number=order.number))
    assert steps(answer) == [("Placed", "done"), ("Partly shipped", "current"), ("Delivered", "coming")]


def test_the_fragment_is_the_part_that_changes_and_its_version_changes_with_it(browser, at, order):
    path = at("order-status", number=order.number)
    before, again = browser.get(path), browser.get(path)
    assert "<html" not in before.text
    assert before.context["version"] == again.context["version"]
    [shipment] = shipping.ship(order)
    packed = browser.get(path).context["version"]
    shipping.dispatch(shipment, carrier="Paketo", tracking_number="PA1")
    assert len({before.context["version"], packed, browser.get(path).context["version"]}) == 3


@pytest.mark.parametrize("page", ["order", "order-status"])
def test_nobody_sees_another_customers_order(browser, staff, client, at, page):
    theirs = OrderFactory().number
    assert browser.get(at(page, number=theirs)).status_code == 404
    client.force_login(staff)
    assert client.get(at(page, number=theirs)).status_code == 403


def test_staff_who_shop_here_see_only_their_own_orders_too(client, at):
    """In the back office they may see all, so the selector alone doesn't protect this page."""
    client.force_login(CustomerFactory(user__is_staff=True).user)
    theirs = OrderFactory().number
    assert client.get(at("order", number=theirs)).status_code == 404
    assert theirs not in client.get(at("orders")).text


@pytest.mark.parametrize("action", ["cancel-order", "request-return"])
def test_nobody_changes_another_customers_order(browser, at, action):
    theirs = OrderFactory()
    assert browser.post(at(action, number=theirs.number), {"reason": "spite"}).status_code == 404
    assert Order.objects.get().status == "placed"


def test_an_order_is_cancelled_with_a_reason(browser, at, order):
    answer = browser.post(at("cancel-order", number=order.number), {"reason": "two are enough"}, follow=True)
    assert "two are enough" in answer.text
    assert steps(answer) == [("Placed", "done"), ("Cancelled", "done")]
    assert "given back" in answer.text


def test_what_is_shipped_already_cannot_be_cancelled_and_that_is_said_kindly(browser, at, order, messages_in):
    shipping.ship(order)
    answer = browser.post(at("cancel-order", number=order.number), follow=True)
    assert "not possible any more" in messages_in(answer)[0]


def test_a_return_is_announced_and_news_are_expected_again(browser, at, delivered):
    sku = delivered.lines.get().sku
    sent = {f"quantity-{sku}": "1", "reason": "too small"}
    answer = browser.post(at("request-return", number=delivered.number), sent, follow=True)
    assert "data-expects-news" in answer.text
    shipping.receive_return(Return.objects.get())
    answer = browser.get(at("order", number=delivered.number))
    assert "given back" in answer.text
    assert "data-expects-news" not in answer.text


@pytest.mark.parametrize(
    "sent", [{"reason": "r"}, {"quantity-{sku}": "99", "reason": "r"}, {"quantity-{sku}": "1", "reason": ""}]
)
def test_a_return_that_makes_no_sense_is_refused_with_a_message(browser, at, delivered, sent, messages_in):
    sent = {name.format(sku=delivered.lines.get().sku): value for name, value in sent.items()}
    answer = browser.post(at("request-return", number=delivered.number), sent, follow=True)
    assert len(messages_in(answer)) == 1
    assert not Return.objects.exists()


def test_a_refunded_order_says_so(browser, at, order):
    refund_order(order)
    assert "You have your money back" in browser.get(at("order", number=order.number)).text


def test_my_orders_are_mine(browser, at, order):
    theirs = OrderFactory().number
    page = browser.get(at("orders")).text
    assert order.number in page
    assert theirs not in page


def test_every_status_has_its_words_and_draws_its_way():
    for status in Order.Status:
        progress = progress_of(Order(status=status), [])
        assert progress.headline == HEADLINES[status]
        assert progress.steps
    assert progress_of(Order(status="delivered"), [SimpleNamespace(status="requested")]).expects_news


def test_more_parcels_take_no_more_queries(browser, at, order_of, queries_of):
    def order_in_parcels(parcels):
        order = order_of(parcels)
        for line in order.lines.all():
            [shipment] = shipping.ship(order, {line.sku: line.quantity})
            shipping.report_tracking(shipment, "seen", "Leipzig", datetime(2026, 1, 2, tzinfo=UTC))
        return at("order", number=order.number)

    assert queries_of(browser, order_in_parcels(1)) == queries_of(browser, order_in_parcels(4))


def test_more_orders_take_no_more_queries(browser, at, order, order_of, queries_of):
    few = queries_of(browser, at("orders"))
    for _ in range(3):
        order_of(2)
    assert queries_of(browser, at("orders")) == few
