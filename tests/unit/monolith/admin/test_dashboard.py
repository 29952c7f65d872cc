import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monolith.backoffice.charts import BarChart, Column, bar_chart, round_above, shares
from monolith.orders.factories import OrderFactory
from monolith.reporting.factories import DailySalesFactory
from monolith.shipping.factories import ReturnFactory, ShipmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dashboard(desk):
    return lambda days=30: desk.get(reverse("admin:sales-dashboard"), {"days": days})


def charts(answer):
    """Every chart of the page, parsed: an SVG that is not well-formed XML shows in some browsers only."""
    text = answer.content.decode()
    return [ET.fromstring(svg) for svg in re.findall(r'<svg viewBox="0 0 960.*?</svg>', text, re.DOTALL)]  # noqa: S314


def bars(chart):
    return chart.findall("rect")


@pytest.mark.parametrize(("days", "count", "unit"), [(30, 30, "day"), (90, 90, "day"), (730, 105, "week")])
def test_revenue_is_drawn_for_every_day_or_for_every_week_of_two_years(dashboard, days, count, unit):
    OrderFactory()
    answer = dashboard(days)
    [chart] = charts(answer)
    assert len(bars(chart)) == count
    assert f"Revenue per {unit} in EUR, last {days} days" in chart.find("title").text
    assert answer.content.decode().count('<th scope="row">20') == count


def test_a_bar_is_as_high_as_its_revenue(dashboard):
    today = datetime.now(UTC).date()
    DailySalesFactory(day=today - timedelta(days=2), revenue=Decimal(100))
    DailySalesFactory(day=today - timedelta(days=1), revenue=Decimal(50))
    [chart] = charts(dashboard())
    *_, high, half, none = [float(bar.get("height")) for bar in bars(chart)]
    assert high == pytest.approx(2 * half)
    assert none == 0
    assert f"{today - timedelta(days=2)}: 100.00 EUR, 2 orders" in [bar.find("title").text for bar in bars(chart)]


def test_a_chart_is_described_and_its_numbers_are_in_a_table(dashboard):
    DailySalesFactory(day=datetime.now(UTC).date() - timedelta(days=1), orders=3, revenue=Decimal("1234.50"))
    answer = dashboard()
    [chart] = charts(answer)
    assert chart.get("role") == "img"
    assert chart.get("aria-labelledby") == f"{chart.find('title').get('id')} {chart.find('desc').get('id')}"
    assert "3 orders, 1234.50 EUR together" in chart.find("desc").text
    assert '<td class="bo-number">1234.50</td>' in answer.content.decode()


def test_each_currency_has_a_chart_of_its_own(dashboard):
    DailySalesFactory(day=datetime.now(UTC).date() - timedelta(days=1), currency="CHF", revenue=Decimal(70))
    assert ["in CHF" in chart.find("title").text for chart in charts(dashboard())] == [True, False]


def test_products_customers_deliveries_refunds_and_stock_are_there(dashboard):
    shipment = ShipmentFactory(status="delivered")
    page = dashboard().content.decode()
    order, line = shipment.order, shipment.order.lines.get()
    for expected in (
        line.name,
        line.sku,
        order.customer_name,
        order.customer_email,
        shipment.warehouse,
        "standard",
    ):
        assert expected in page


def test_a_name_cannot_write_into_the_page(dashboard):
    order = OrderFactory(cart__customer__name="<script>alert(1)</script>")
    assert order.customer_name not in dashboard().content.decode()


def test_an_empty_shop_has_a_dashboard_too(dashboard):
    page = dashboard().content.decode()
    for expected in (
        "Nothing was sold",
        "Nobody has bought",
        "No parcel arrived",
        "No money came in",
        "shelves are empty",
    ):
        assert expected in page


@pytest.mark.parametrize("days", ["31", "0", "-1", "all", "", "30 "])
def test_another_number_of_days_is_not_found(dashboard, days):
    assert dashboard(days).status_code == 404


def test_more_orders_take_no_more_queries(dashboard):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert dashboard().status_code == 200
        return len(captured)

    def work():
        OrderFactory()
        ReturnFactory()

    work()
    queries()
    few = queries()
    work()
    work()
    assert queries() == few


@pytest.mark.parametrize(
    ("value", "top"), [("0", 40), ("40", 40), ("40.01", 60), ("99", 100), ("101", 120), ("390", 400), ("4001", 6000)]
)
def test_the_axis_ends_at_a_number_people_read_easily(value, top):
    assert round_above(Decimal(value)) == top


def test_bars_lie_inside_the_chart_and_beside_each_other():
    chart = bar_chart([Column(str(n), Decimal(n), "") for n in range(1, 91)])
    assert all(chart.left <= bar.x and bar.x + bar.width <= chart.right + 0.01 for bar in chart.bars)
    assert all(bar.y >= 0 and bar.y + bar.height == pytest.approx(chart.base) for bar in chart.bars)
    assert all(left.x + left.width <= right.x for left, right in pairwise(chart.bars))


def test_labels_below_the_bars_do_not_run_into_each_other():
    for count in (1, 8, 9, 30, 90, 105):
        ticks = bar_chart([Column("2026-01-01", Decimal(1), "")] * count).ticks
        assert all(right.at - left.at > 65 for left, right in pairwise(ticks)), count


def test_no_columns_are_a_chart_without_bars():
    assert isinstance(chart := bar_chart([]), BarChart)
    assert (chart.bars, chart.ticks) == ([], [])


def test_shares_are_measured_against_the_largest():
    assert shares([Decimal(1), Decimal(4), Decimal(2)]) == [25, 100, 50]
    assert shares([0, 0]) == [0, 0]
    assert shares([]) == []
