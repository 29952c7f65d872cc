"""A payment as events tell it whole."""

from typing import Any

from monolith.payments.events import PaymentWhole
from monolith.payments.models import Payment


def whole_of(payment: Payment) -> dict[str, Any]:
    return {name: getattr(payment, name) for name in PaymentWhole.model_fields}
