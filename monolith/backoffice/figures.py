"""Today's figures on the first page: each only for those who may see the rows behind it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from monolith.backoffice.pages import Link, rows_of
from monolith.reporting import selectors as reporting
from monolith.reporting.selectors import Figures
from strangler.inbox.models import DeadLetter
from strangler.saga.models import SagaInstance

TO_SHIP = "placed,partially_shipped"


class Figure(NamedTuple):
    """`waits`: for a person, so it stands out unless it is 0."""

    link: Link
    value: int | str
    waits: bool = False

    @property
    def stands_out(self) -> bool:
        return self.waits and self.value != 0


def figures_for(user: Any) -> list[Figure]:
    stuck = SagaInstance.objects.filter(status=SagaInstance.Status.STUCK).count()
    figures = _figures(reporting.today(), DeadLetter.objects.count(), stuck)
    return [figure for figure in figures if user.has_perm(figure.link.needs)]


def money(by_currency: Mapping[str, Decimal]) -> str:
    return " + ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(by_currency.items())) or "0.00"


def _figures(now: Figures, dead_letters: int, stuck: int) -> list[Figure]:
    midnight = f"{now.day} 00:00:00+00:00"
    return [
        Figure(rows_of("Orders today", "orders.order", placed_at__gte=midnight), now.orders),
        Figure(rows_of("Revenue today", "reporting.dailysales"), money(now.revenue)),
        Figure(
            rows_of("Refunded today", "payments.ledgerentry", kind__exact="refunded", created_at__gte=midnight),
            money(now.refunded),
        ),
        Figure(rows_of("New customers today", "customers.customer", created_at__gte=midnight), now.new_customers),
        Figure(rows_of("Orders to ship", "orders.order", status__in=TO_SHIP), now.to_ship),
        Figure(rows_of("Parcels under way", "shipping.shipment", status__exact="dispatched"), now.under_way),
        Figure(rows_of("Returns waiting", "shipping.return", status__exact="requested"), now.open_returns, waits=True),
        Figure(rows_of("Low stock", "inventory.stockitem", level="low"), now.low_stock, waits=True),
        Figure(rows_of("E-mails failed", "notifications.email", status__exact="failed"), now.failed_emails, waits=True),
        Figure(rows_of("Dead letters", "strangler_inbox.deadletter"), dead_letters, waits=True),
        Figure(rows_of("Sagas stuck", "strangler_saga.sagainstance", status__exact="stuck"), stuck, waits=True),
    ]
