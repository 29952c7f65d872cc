from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from monolith.backoffice.figures import money
from monolith.notifications.models import Email
from monolith.orders.factories import OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order
from monolith.shipping.factories import ReturnFactory, ShipmentFactory
from strangler.inbox.models import DeadLetter, ParkedMessage
from strangler.saga.models import SagaInstance

pytestmark = pytest.mark.django_db


@pytest.fixture
def figures(desk):
    def shown():
        return {figure.link.label: figure for figure in desk.get(reverse("admin:index")).context["figures"]}

    return shown


def values(figures):
    return {label: figure.value for label, figure in figures.items()}


def test_a_quiet_day_has_its_figures_too(figures):
    shown = figures()
    assert set(values(shown).values()) == {0, "0.00"}
    assert not any(figure.stands_out for figure in shown.values())


def test_what_happened_today_and_what_waits_is_counted(figures):
    order = OrderFactory()
    cancel_order(OrderFactory(), "changed his mind")
    ShipmentFactory(status="dispatched")
    ReturnFactory()
    Email.objects.filter(pk=Email.objects.latest("pk").pk).update(status="failed")
    an_unhandled_message()
    SagaInstance.objects.update(status="stuck")
    shown = figures()
    assert values(shown) == {
        "Orders today": 3,
        "Revenue today": f"{order.total * 3:,.2f} EUR",
        "Refunded today": f"{order.total:,.2f} EUR",
        "New customers today": 4,
        "Orders to ship": 1,
        "Parcels under way": 1,
        "Returns waiting": 1,
        "Low stock": 0,
        "E-mails failed": 1,
        "Dead letters": 1,
        "Sagas stuck": 4,
    }
    assert {label for label, figure in shown.items() if figure.stands_out} == {
        *("Returns waiting", "E-mails failed", "Dead letters", "Sagas stuck")
    }


def an_unhandled_message():
    ParkedMessage.objects.create(
        consumer_group="notifications",
        message_id=uuid4(),
        key="order:1",
        type="orders.order_placed.v1",
        status=ParkedMessage.Status.DEAD,
        next_attempt_at=timezone.now(),
        payload="{}",
    )
    assert DeadLetter.objects.count() == 1


def test_a_figure_leads_to_the_rows_it_counts(figures, desk):
    OrderFactory()
    ShipmentFactory()
    yesterday = Order.objects.order_by("pk").first()
    Order.objects.filter(pk=yesterday.pk).update(placed_at=timezone.now() - timedelta(days=1))
    for label in ("Orders today", "Orders to ship"):
        figure = figures()[label]
        assert desk.get(figure.link.url).context["cl"].result_count == figure.value == 1


def test_money_of_several_currencies_is_not_added_up():
    assert money({"EUR": Decimal("1234.5"), "CHF": Decimal(7)}) == "7.00 CHF + 1,234.50 EUR"


def test_the_list_of_pages_is_below_the_figures(desk):
    page = desk.get(reverse("admin:index")).content.decode()
    assert page.index("Orders today") < page.index(reverse("admin:orders_order_changelist") + '"')
    assert reverse("admin:sales-dashboard") in page
