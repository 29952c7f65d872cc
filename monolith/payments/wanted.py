from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from monolith.errors import CaptureTooLarge, GatewayUnavailable, NotFound, PaymentDeclined, RefundTooLarge, ShopError
from monolith.payments.events import Action

REFUSALS: Mapping[str, type[ShopError]] = {
    error.code: error for error in (PaymentDeclined, CaptureTooLarge, RefundTooLarge, NotFound, GatewayUnavailable)
}
"""What the service may say no with, as the error of the shop that has the same code."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to be done with the payment of one order, whoever owns it.

    Without an `amount`: of "capture" all that is left, of "refund" everything. Card and customer belong to "authorise"
    and "charge". What cannot be done by `answer_by` is not wanted any more.
    """

    action: Action
    order_number: str
    amount: Decimal | None = None
    currency: str = ""
    card_token: str = field(default="", repr=False)
    customer_email: str = ""
    customer_name: str = ""
    answer_by: datetime | None = None

    @property
    def makes_one(self) -> bool:
        """A payment that is not there yet."""
        return self.action in {"authorise", "charge"}


def refusal(code: str, reason: str) -> ShopError:
    """One with a code that this version does not know is like a card that could not be charged: it is not paid."""
    return REFUSALS.get(code, PaymentDeclined)(reason)
