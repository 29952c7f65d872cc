"""What the monolith tells of a payment as a whole, as an event of its stream: by how much the books here change."""

from typing import Literal

from extracted.payments.domain.events import PaymentLearned
from extracted.payments.domain.state import PaymentState, Status
from extracted.payments.events import PaymentWhole
from extracted.payments.money import ZERO

Why = Literal["told", "handed_over", "corrected"]
CLOSED = {Status.VOIDED, Status.REFUNDED}
DETAILS = ("customer_email", "customer_name", "currency", "authorisation", "created_at")
AMOUNTS = ("authorised", "captured", "refunded", "released")


def learned(state: PaymentState, told: PaymentWhole, *, why: Why) -> list[PaymentLearned]:
    """Nothing, where all of it is known."""
    released = max(told.authorised - told.captured, ZERO) if told.status in CLOSED else ZERO
    amounts = {"authorised": told.authorised, "captured": told.captured, "refunded": told.refunded}
    changes = {f"{name}_by": {**amounts, "released": released}[name] - getattr(state, name) for name in AMOUNTS}
    details = {name: getattr(told, name) for name in DETAILS}
    if not any(changes.values()) and details == {name: getattr(state, name) for name in DETAILS}:
        return []
    return [PaymentLearned(order_number=told.order_number, why=why, **details, **changes)]
