from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monolith.orders.factories import CartFactory, OrderFactory
from monolith.reporting.factories import DailySalesFactory

pytestmark = pytest.mark.django_db

REPORTS = ["today", "sales", "top-products"]


@pytest.fixture
def finance(as_role):
    return as_role("finance")


def test_todays_figures(finance):
    order = OrderFactory()
    today = finance.get("/api/reports/today/").json()
    assert (today["orders"], today["to_ship"], today["failed_emails"]) == (1, 1, 0)
    assert today["revenue"] == {"EUR": str(order.total)}
    assert today["day"] == datetime.now(UTC).date().isoformat()


def test_sales_are_told_day_by_day_in_each_currency(finance):
    order, today = OrderFactory(), datetime.now(UTC).date()
    DailySalesFactory(day=today - timedelta(days=1), orders=3, revenue=Decimal("99.00"))
    DailySalesFactory(day=today - timedelta(days=1), currency="CHF")
    answer = finance.get("/api/reports/sales/?days=2").json()
    assert [sales["currency"] for sales in answer] == ["CHF", "EUR"]
    assert answer[1]["days"] == [
        {"day": (today - timedelta(days=1)).isoformat(), "orders": 3, "revenue": "99.00"},
        {"day": today.isoformat(), "orders": 1, "revenue": str(order.total)},
    ]
    assert len(finance.get("/api/reports/sales/").json()[0]["days"]) == 30


def test_what_sold_best_comes_first(finance):
    order = OrderFactory(cart=CartFactory(items=3))
    best = finance.get("/api/reports/top-products/?days=7&limit=2").json()
    assert [row["units"] for row in best] == [2, 2]
    assert {row["sku"] for row in best} <= {line.sku for line in order.lines.all()}
    assert finance.get("/api/reports/top-products/?currency=CHF").json() == []


def test_more_money_than_fits_into_one_amount_can_be_told(finance):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    DailySalesFactory(day=yesterday, revenue=Decimal("9999999999.99"))
    assert finance.get("/api/reports/sales/?days=2").json()[0]["days"][0]["revenue"] == "9999999999.99"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sales/?days=0", "days"),
        ("sales/?days=many", "days"),
        (f"sales/?days={10**30}", "days"),
        ("sales/?days=%00", "days"),
        ("top-products/?days=-1", "days"),
        ("top-products/?limit=101", "limit"),
        ("top-products/?currency=eur", "currency"),
        ("top-products/?currency=%00", "currency"),
    ],
)
def test_a_wrong_parameter_is_named(finance, query, field):
    answer = finance.get(f"/api/reports/{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("report", REPORTS)
def test_figures_are_for_finance(who_may, report):
    assert who_may("get", f"/api/reports/{report}/") == {"finance"}


@pytest.mark.parametrize("report", REPORTS)
def test_more_orders_take_no_more_queries(finance, queries_of, report):
    OrderFactory()
    few = queries_of(finance, f"/api/reports/{report}/")
    OrderFactory.create_batch(3)
    assert queries_of(finance, f"/api/reports/{report}/") == few
