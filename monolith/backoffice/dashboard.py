"""The sales dashboard: what `reporting` knows, whichever side of it answers, as charts with a table behind each."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from monolith.backoffice.charts import Column, bar_chart, shares
from monolith.reporting import capabilities
from monolith.reporting import selectors as reporting
from monolith.reporting.selectors import DaySales

# Days shown, and how many of them one bar stands for: two years of single days are a wood, not trees.
PERIODS = {30: 1, 90: 1, 730: 7}


def sales_dashboard(request: HttpRequest) -> HttpResponse:
    """Needs reporting.view_dailysales. `?days=` is one of PERIODS."""
    if not request.user.has_perm("reporting.view_dailysales"):
        raise PermissionDenied
    days, viewer = _days(request.GET.get("days", "30")), str(request.user.pk)
    sales = capabilities.sales_by_day(days, viewer=viewer)
    context = {
        **admin.site.each_context(request),
        "title": "Sales",
        "days": days,
        "periods": list(PERIODS),
        "sales": [_sales(currency, rows, PERIODS[days]) for currency, rows in sales.items()],
        "products": _with_shares(capabilities.top_products(days, viewer=viewer), "revenue"),
        "customers": _with_shares(capabilities.top_customers(viewer=viewer), "lifetime_value"),
        "deliveries": _with_shares(reporting.delivery_times(days), "p90_hours", "median_hours"),
        "refunds": reporting.refund_rate(days),
        "stock": _with_shares(reporting.stock_value(), "value"),
    }
    return TemplateResponse(request, "backoffice/dashboard.html", context)


def _days(asked: str) -> int:
    if asked not in map(str, PERIODS):
        raise Http404(f"days must be one of {', '.join(map(str, PERIODS))}, not {asked!r}.")
    return int(asked)


def _sales(currency: str, rows: Sequence[DaySales], per_bar: int) -> dict[str, Any]:
    # The newest bar is whole, whatever the number of days: the first one may be shorter.
    first = len(rows) % per_bar
    parts = [rows[:first]] if first else []
    parts += [rows[i : i + per_bar] for i in range(first, len(rows), per_bar)]
    columns = [_column(part, currency) for part in parts]
    counts = [sum(row.orders for row in part) for part in parts]
    orders, revenue = sum(counts), sum((row.revenue for row in rows), Decimal(0))
    return {
        "currency": currency,
        "unit": "day" if per_bar == 1 else "week",
        "chart": bar_chart(columns),
        "rows": [(column.label, count, column.value) for column, count in zip(columns, counts, strict=True)],
        "orders": orders,
        "revenue": revenue,
        "average": revenue / orders if orders else Decimal(0),
    }


def _column(part: Sequence[DaySales], currency: str) -> Column:
    label, revenue = f"{part[0].day:%Y-%m-%d}", sum((row.revenue for row in part), Decimal(0))
    until = f" to {part[-1].day:%Y-%m-%d}" if len(part) > 1 else ""
    return Column(
        label, revenue, f"{label}{until}: {revenue:,.2f} {currency}, {sum(row.orders for row in part)} orders"
    )


def _with_shares(rows: Sequence[Any], longest: str, inner: str = "") -> list[tuple[Any, float, float]]:
    """Each row with the length of its bar, and with that of `inner` as a part of the same scale."""
    lengths = shares(getattr(row, longest) for row in rows)
    return [
        (row, length, length * getattr(row, inner) / (getattr(row, longest) or 1) if inner else length)
        for row, length in zip(rows, lengths, strict=True)
    ]
