from datetime import datetime

from monolith.money import Amount, Currency
from strangler.messaging import Event


class PaymentCaptured(Event, type="payments.payment_captured", version=1, aggregate="payment", key="order_number"):
    """The customer has paid for an order."""

    order_number: str
    customer_email: str
    customer_name: str
    amount: Amount
    currency: Currency
    captured_at: datetime


class PaymentRefunded(Event, type="payments.payment_refunded", version=1, aggregate="payment", key="order_number"):
    """The customer got money back: `amount` this time, `refunded_total` over all refunds of the order."""

    order_number: str
    customer_email: str
    customer_name: str
    amount: Amount
    refunded_total: Amount
    currency: Currency
    refunded_at: datetime
