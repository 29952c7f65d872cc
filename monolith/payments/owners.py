"""Who owns which payment, for whoever is about to do something with it.

Ask after the payment's row lock: the owner gives a payment up under that lock, so the answer holds until you commit.
"""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from monolith.payments.models import Ownership, PaymentRequest
from monolith.payments.sums import Sums

CONTEXT = "payments"
_STANDING = """
    SELECT o.owner, coalesce(o.epoch, 0), coalesce(r.open, false), coalesce(r.held, false)
    FROM (SELECT) AS one
    LEFT JOIN payments_ownership AS o ON o.order_number = %(order)s
    LEFT JOIN LATERAL (
        SELECT bool_or(status = 'open') AS open, bool_or(status IN ('waiting', 'redirected')) AS held
        FROM payments_paymentrequest
        WHERE order_number = %(order)s AND status IN ('open', 'waiting', 'redirected')
            AND (%(before)s::bigint IS NULL OR id < %(before)s)) AS r ON true
"""


class Standing(NamedTuple):
    """Of one payment. `owner` is None while it has never moved.

    `asked`: the service has been asked for something and has not answered; `held`: something of it is to be done first.
    """

    owner: str | None
    epoch: int
    asked: bool
    held: bool

    @property
    def is_theirs(self) -> bool:
        return self.owner == Ownership.Owner.SERVICE

    @property
    def must_wait(self) -> bool:
        """What is asked for one payment is done in the order in which it was asked, whoever does it."""
        return self.held or (self.asked and not self.is_theirs)


def standing(order_number: str, *, before: int | None = None) -> Standing:
    """`before` is the number of a request, if this is about one: later ones don't count. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"order": order_number, "before": before})
        return Standing(*cursor.fetchone())


def elsewhere(order_numbers: Collection[str]) -> dict[str, int]:
    """Those of them that the service owns, with their epochs. One query."""
    theirs = Ownership.objects.filter(order_number__in=list(order_numbers), owner=Ownership.Owner.SERVICE)
    return dict(theirs.order_by().values_list("order_number", "epoch"))


def expected(now: Sums, order_number: str) -> Sums:
    """Once all is done that the service was asked for. What the copy knows of it already is not counted twice."""
    asked = PaymentRequest.objects.filter(order_number=order_number, status__in=PaymentRequest.UNANSWERED)
    captured, refunded, closed = now.captured, now.refunded, now.closed
    for request in asked.exclude(captured_after=None):
        captured, refunded = max(captured, request.captured_after), max(refunded, request.refunded_after)
        closed = closed or request.closes
    return Sums(now.authorised, captured, min(refunded, captured), now.currency, closed)
