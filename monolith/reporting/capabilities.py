"""Which side answers for the figures of the dashboards: this one's joins, or the reporting service's read model.

A canary goes by `viewer`, who looks: the same person always sees the figures of the same side, all of them. Where the
service can't answer, the joins do, up to `retired`; there they may be deleted.
"""

from monolith.reporting import selectors, service
from monolith.reporting.selectors import DaySales, TopCustomer, TopProduct
from strangler.cutover import Fallback, Shadow, capability
from strangler.errors import ServiceUnavailable


@capability(
    "reporting",
    key=lambda days, *, viewer: viewer,
    fallback=Fallback(ServiceUnavailable),
    shadow=Shadow(grace=0.5),  # an event is here in milliseconds
)
def sales_by_day(days: int, *, viewer: str) -> dict[str, list[DaySales]]:
    return selectors.sales_by_day(days)


@capability(
    "reporting",
    key=lambda days, limit=10, currency="EUR", *, viewer: viewer,
    fallback=Fallback(ServiceUnavailable),
    shadow=Shadow(grace=0.5),  # an event is here in milliseconds
)
def top_products(days: int, limit: int = 10, currency: str = "EUR", *, viewer: str) -> list[TopProduct]:
    return selectors.top_products(days, limit, currency)


@capability(
    "reporting",
    key=lambda limit=10, *, viewer: viewer,
    fallback=Fallback(ServiceUnavailable),
    shadow=Shadow(grace=0.5),  # an event is here in milliseconds
)
def top_customers(limit: int = 10, *, viewer: str) -> list[TopCustomer]:
    return selectors.top_customers(limit)


@sales_by_day.extracted
def _sales_of_the_service(days: int, *, viewer: str) -> dict[str, list[DaySales]]:
    sales = service.ask("sales-by-day", days=days)
    return {currency: service.rows(DaySales, rows) for currency, rows in sales.items()}


@top_products.extracted
def _products_of_the_service(days: int, limit: int = 10, currency: str = "EUR", *, viewer: str) -> list[TopProduct]:
    return service.rows(TopProduct, service.ask("top-products", days=days, limit=limit, currency=currency))


@top_customers.extracted
def _customers_of_the_service(limit: int = 10, *, viewer: str) -> list[TopCustomer]:
    return service.rows(TopCustomer, service.ask("top-customers", limit=limit))
