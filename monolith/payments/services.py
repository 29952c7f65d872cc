"""Payments as other contexts use them. Where the payments service owns one it is asked, and these return its copy.

Who has to know whether there is an answer yet calls `request`.
"""

from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction

from monolith.money import ZERO
from monolith.payments.models import Payment
from monolith.payments.owners import Standing, standing
from monolith.payments.requests import Outcome, do_or_ask, locked, no_payment, request, standing_sums
from monolith.payments.wanted import Wanted

__all__ = [
    "Outcome",
    "Wanted",
    "authorise",
    "capture",
    "capture_up_to",
    "charge",
    "give_back",
    "may_be_written",
    "refund",
    "refund_up_to",
    "request",
]


class Refunded(NamedTuple):
    """`awaited` is the request that the service has to answer before it is certain."""

    amount: Decimal
    awaited: UUID | None = None


def authorise(
    order_number: str, *, amount: Decimal, currency: str, card_token: str, customer_email: str, customer_name: str
) -> Payment | None:
    """Sets `amount` aside at the customer's bank, to be captured later. Raises PaymentDeclined."""
    card_and_customer = {"card_token": card_token, "customer_email": customer_email, "customer_name": customer_name}
    return request(Wanted("authorise", order_number, amount, currency, **card_and_customer)).payment


def capture(order_number: str, amount: Decimal | None = None) -> Payment | None:
    """Takes `amount`, or all that is still authorised, and sends the receipt. Raises NotFound, CaptureTooLarge."""
    return request(Wanted("capture", order_number, amount)).payment


def charge(order_number: str, **card_and_customer: Any) -> Payment | None:
    """Authorises and captures in one go; the arguments of `authorise`. Raises PaymentDeclined."""
    return request(Wanted("charge", order_number, **card_and_customer)).payment


def refund(order_number: str, amount: Decimal | None = None) -> Payment | None:
    """Gives back `amount`, or everything: all that is left of what was captured, and nothing more will be taken.

    Raises NotFound, RefundTooLarge.
    """
    return request(Wanted("refund", order_number, amount)).payment


def give_back(order_number: str) -> Payment | None:
    """For an order that will not be fulfilled: refunds what is captured and lets go of the rest. Nothing left is fine.

    Raises NotFound.
    """
    return request(Wanted("give_back", order_number)).payment


@transaction.atomic
def capture_up_to(order_number: str, amount: Decimal | None) -> Decimal:
    """Takes `amount`, or all that is left, or so much of it as can be; returns how much. Raises NotFound."""
    payment, found = _there(order_number)
    left = standing_sums(payment, found).capturable
    taken = left if amount is None else min(amount, left)
    if taken:
        do_or_ask(Wanted("capture", order_number, None if amount is None else taken), payment, found)
    return taken


@transaction.atomic
def refund_up_to(order_number: str, amount: Decimal) -> Refunded:
    """Gives back `amount`, or so much of it as was paid. Raises NotFound."""
    payment, found = _there(order_number)
    given = min(amount, standing_sums(payment, found).refundable)
    if not given:
        return Refunded(ZERO)
    outcome = do_or_ask(Wanted("refund", order_number, given), payment, found)
    return Refunded(given, outcome.awaited)


def may_be_written(order_number: str) -> bool:
    """Whether this side may change the payment now, of which you hold the row lock."""
    found = standing(order_number)
    return not (found.is_theirs or found.must_wait)


def _there(order_number: str) -> tuple[Payment, Standing]:
    """Locked, so that it stands like this until the transaction ends. Raises NotFound, PaymentElsewhere."""
    payment = locked(order_number)
    if payment is None:
        raise no_payment(order_number)
    return payment, standing(order_number)
