"""The dashboards' figures. Tangle: they join everybody's tables, so no context can change or move one alone.

Each answers with a fixed number of queries, whatever the number of orders. Money is never added up across currencies.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from monolith.customers.models import Customer
from monolith.inventory.selectors import low_stock
from monolith.money import ZERO
from monolith.notifications.models import Email
from monolith.orders.models import Order, OrderLine
from monolith.payments.models import LedgerEntry, Payment
from monolith.reporting.history_figures import cohorts
from monolith.reporting.models import DailySales
from monolith.reporting.signals import COUNTED, PAID_FOR
from monolith.reporting.stock_turnover import stock_turnover
from monolith.reporting.warehouse_figures import DeliveryTime, delivery_times_since, stock_value
from monolith.shipping.models import Return, Shipment

__all__ = [
    "cohorts",
    "delivery_times",
    "orders_by_state",
    "refund_rate",
    "sales_by_day",
    "stock_turnover",
    "stock_value",
    "today",
    "top_customers",
    "top_products",
]

_COUNTS = {"count": Count("id"), "revenue": Sum("total", filter=PAID_FOR, default=ZERO)}


@dataclass(frozen=True)
class Figures:
    """Of today (UTC) the first ones, of this moment those after `to_ship`. Money by currency."""

    day: date
    orders: int
    cancelled: int
    revenue: dict[str, Decimal]
    refunded: dict[str, Decimal]
    new_customers: int
    to_ship: int
    under_way: int
    open_returns: int
    low_stock: int
    failed_emails: int


class DaySales(NamedTuple):
    day: date
    orders: int
    revenue: Decimal


class TopProduct(NamedTuple):
    sku: str
    name: str
    category: str
    units: int
    revenue: Decimal
    currency: str


class TopCustomer(NamedTuple):
    customer_id: int
    name: str
    email: str
    orders: int
    returns: int
    lifetime_value: Decimal
    last_order_at: datetime


class RefundRate(NamedTuple):
    """`rate` is per cent of what was captured."""

    currency: str
    captured: Decimal
    refunded: Decimal
    rate: Decimal


def today() -> Figures:
    day = _this_day()
    placed = list(_orders_since(day).values_list("currency").annotate(**_COUNTS))
    return Figures(
        day=day,
        orders=sum(row[1] for row in placed),
        cancelled=Order.objects.ever_placed().filter(cancelled_at__gte=_midnight(day)).count(),
        revenue={row[0]: row[2] for row in placed},
        refunded=_refunded_since(day),
        new_customers=Customer.objects.filter(created_at__gte=_midnight(day)).count(),
        to_ship=Order.objects.filter(status__in=[Order.Status.PLACED, Order.Status.PARTIALLY_SHIPPED]).count(),
        under_way=Shipment.objects.filter(status=Shipment.Status.DISPATCHED).count(),
        open_returns=Return.objects.filter(status=Return.Status.REQUESTED).count(),
        low_stock=low_stock().count(),
        failed_emails=Email.objects.filter(status=Email.Status.FAILED).count(),
    )


def sales_by_day(days: int) -> dict[str, list[DaySales]]:
    """By currency, the last `days` days, today included and counted live, oldest first; days without a sale are 0."""
    this_day = _this_day()
    first = this_day - timedelta(days=days - 1)
    rows = list(
        DailySales.objects.filter(day__gte=first, day__lt=this_day).values_list("currency", "day", "orders", "revenue")
    )
    rows += [
        (currency, this_day, orders, revenue)
        for currency, orders, revenue in _orders_since(this_day).values_list("currency").annotate(**_COUNTS)
    ]
    known: dict[str, dict[date, DaySales]] = defaultdict(dict, EUR={})
    for currency, day, orders, revenue in rows:
        known[currency][day] = DaySales(day, orders, revenue)
    every_day = [first + timedelta(days=n) for n in range(days)]
    return {
        currency: [sales.get(day, DaySales(day, 0, ZERO)) for day in every_day]
        for currency, sales in sorted(known.items())
    }


def top_products(days: int, limit: int = 10, currency: str = "EUR") -> list[TopProduct]:
    """By revenue without tax after discounts, in one currency; cancelled and refunded orders left out."""
    since = _first_moment(days)
    paid_for = Order.objects.filter(PAID_FOR, placed_at__gte=since, currency=currency)
    sold = (
        OrderLine.objects.filter(order__in=paid_for)
        .order_by()
        .values_list("sku", "variant__product__name", "variant__product__category__name")
        .annotate(units=Sum("quantity"), revenue=Sum(F("unit_price") * F("quantity") - F("discount")))
        .order_by("-revenue", "sku")
    )
    return [TopProduct(*row, currency) for row in sold[:limit]]


def top_customers(limit: int = 10) -> list[TopCustomer]:
    """By what they have spent in EUR, as the signal keeps it."""
    best = (
        Customer.objects.filter(order_count__gt=0)
        .annotate(returns=Count("orders__returns", filter=Q(orders__returns__status=Return.Status.RECEIVED)))
        .order_by("-lifetime_value", "id")
    )
    fields = ("id", "name", "email", "order_count", "returns", "lifetime_value", "last_order_at")
    return [TopCustomer(*row) for row in best.values_list(*fields)[:limit]]


def orders_by_state() -> QuerySet[Order]:
    """All that were placed, with what decides whether they count: `cancelled`, `refunded`."""
    return Order.objects.ever_placed().annotate(
        cancelled=Q(status=Order.Status.CANCELLED), refunded=Q(status=Order.Status.REFUNDED)
    )


def refund_rate(days: int) -> list[RefundRate]:
    """Of the payments begun in the last `days` days."""
    since = _first_moment(days)
    sums = (
        Payment.objects.filter(created_at__gte=since, captured__gt=0)
        .order_by()
        .values_list("currency")
        .annotate(Sum("captured"), Sum("refunded"))
        .order_by("currency")
    )
    return [
        RefundRate(currency, captured, refunded, (refunded / captured * 100).quantize(Decimal("0.1")))
        for currency, captured, refunded in sums
    ]


def delivery_times(days: int) -> list[DeliveryTime]:
    """Of the parcels that arrived in the last `days` days, by warehouse and shipping method."""
    return delivery_times_since(_first_moment(days))


def _this_day() -> date:
    return timezone.now().astimezone(UTC).date()


def _first_moment(days: int) -> datetime:
    return _midnight(_this_day() - timedelta(days=days - 1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _orders_since(day: date) -> QuerySet[Order]:
    return Order.objects.filter(COUNTED, placed_at__gte=_midnight(day)).order_by()


def _refunded_since(day: date) -> dict[str, Decimal]:
    refunds = LedgerEntry.objects.filter(kind=LedgerEntry.Kind.REFUNDED, created_at__gte=_midnight(day))
    return dict(refunds.order_by().values_list("payment__currency").annotate(Sum("amount")))
