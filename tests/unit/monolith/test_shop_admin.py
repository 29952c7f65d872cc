import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monolith.catalog.factories import ProductFactory
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import StockItem, StockMovement
from monolith.notifications.models import Email
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.models import Order
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db

SHOP = [model for model in admin.site._registry if model.__module__.startswith("monolith.")]
each_page = pytest.mark.parametrize("model", SHOP, ids=lambda model: model._meta.label)


@pytest.fixture
def desk(client, staff):
    """A browser with a staff member in front of it."""
    client.force_login(staff)
    return client


def url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@each_page
def test_list_search_and_detail_of_every_table_render(desk, model):
    OrderFactory()
    CartFactory()
    assert desk.get(url(model, "changelist"), {"q": "x"}).status_code == 200
    rows = desk.get(url(model, "changelist"))
    assert rows.context["cl"].result_count > 0
    row = model.objects.first()
    assert desk.get(url(model, "change", row.pk)).status_code == 200


@each_page
def test_a_longer_table_takes_no_more_queries(desk, model):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            desk.get(url(model, "changelist"))
        return len(captured)

    def fill():
        OrderFactory(cart=CartFactory(items=2))
        CartFactory()

    fill()
    few = queries()
    for _ in range(3):
        fill()
    assert queries() == few


@each_page
def test_nothing_is_deleted_by_hand(desk, model):
    OrderFactory()
    CartFactory()
    assert desk.post(url(model, "delete", model.objects.first().pk), {"post": "yes"}).status_code == 403


def act(desk, model, action):
    rows = {"action": action, "_selected_action": [row.pk for row in model.objects.all()]}
    answer = desk.post(url(model, "changelist"), rows, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_the_cancel_action_goes_through_the_service(desk, published_types):
    OrderFactory()
    assert act(desk, Order, "cancel") == ["Cancelled: 1"]
    assert Order.objects.get().status == "cancelled"
    assert published_types()[-1] == "orders.order_cancelled"


def test_the_refund_action_shows_a_refusal_and_goes_on(desk, published_types):
    OrderFactory()
    act(desk, Order, "cancel")
    OrderFactory()
    refusal, done = act(desk, Order, "refund")
    assert "is cancelled and can't become refunded: that is final" in refusal
    assert done == "Refunded: 1"
    assert published_types().count("payments.payment_refunded") == 2


def test_an_order_cannot_be_edited(desk):
    order = OrderFactory()
    desk.post(url(Order, "change", order.pk), {"status": "refunded", "total": "0.01"})
    order.refresh_from_db()
    assert (order.status, str(order.total)) == ("placed", "39.80")


def test_a_new_price_is_published(desk, published):
    product = ProductFactory()
    form = {"name": product.name, "description": "", "price": "25.00", "active": "on"}
    desk.post(url(type(product), "change", product.pk), form)
    [event] = published("catalog.product_price_changed")
    assert event["data"] == {
        "sku": product.sku,
        "name": product.name,
        "old_price": "19.90",
        "new_price": "25.00",
        "currency": "EUR",
    }
    form["name"] = "Renamed"
    desk.post(url(type(product), "change", product.pk), form)
    product.refresh_from_db()
    assert (product.name, len(published())) == ("Renamed", 1)


def test_stock_is_adjusted_with_a_reason(desk, published):
    item = StockItemFactory(on_hand=5)
    desk.post(url(StockItem, "change", item.pk), {"adjust_by": "7", "reason": "delivery 12"})
    item.refresh_from_db()
    assert item.on_hand == 12
    assert StockMovement.objects.first().reference == "delivery 12"
    assert published("inventory.stock_adjusted")[0]["data"]["on_hand"] == 12


def test_stock_for_a_new_product_is_added(desk):
    desk.post(url(StockItem, "add"), {"sku": "NEW", "adjust_by": "3", "reason": "first delivery"})
    assert StockItem.objects.get(sku="NEW").on_hand == 3


def test_stock_below_zero_is_refused_with_a_message(desk):
    item = StockItemFactory(on_hand=5)
    answer = desk.post(url(StockItem, "change", item.pk), {"adjust_by": "-6", "reason": "lost"}, follow=True)
    assert "has 5 on hand" in str(next(iter(answer.context["messages"])))
    item.refresh_from_db()
    assert item.on_hand == 5
    assert not OutboxMessage.objects.exists()


def test_an_email_can_be_sent_again(desk, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        OrderFactory()
    with django_capture_on_commit_callbacks(execute=True):
        assert act(desk, Email, "send_again") == ["Sent again: 2"]
    ids = [mail.extra_headers["Message-ID"] for mail in mailoutbox]
    assert len(ids) == 4
    assert len(set(ids)) == 2
