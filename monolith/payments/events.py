from datetime import datetime

from monolith.money import Amount, Currency
from strangler.messaging import Event


class PaymentEvent(Event):
    """What every event about money tells."""

    order_number: str
    customer_email: str
    customer_name: str
    amount: Amount
    currency: Currency


class PaymentAuthorised(
    PaymentEvent, type="payments.payment_authorised", version=1, aggregate="payment", key="order_number"
):
    """The bank has set `amount` aside for an order; nothing is paid yet."""

    authorised_at: datetime


class PaymentCaptured(
    PaymentEvent, type="payments.payment_captured", version=1, aggregate="payment", key="order_number"
):
    """The customer has paid for an order: `amount` this time, `captured_total` over all captures of the order."""

    captured_total: Amount
    captured_at: datetime


class PaymentVoided(PaymentEvent, type="payments.payment_voided", version=1, aggregate="payment", key="order_number"):
    """`amount` was set aside and never taken; it is the customer's again."""

    voided_at: datetime


class PaymentRefunded(
    PaymentEvent, type="payments.payment_refunded", version=1, aggregate="payment", key="order_number"
):
    """The customer got money back: `amount` this time, `refunded_total` over all refunds of the order."""

    refunded_total: Amount
    refunded_at: datetime
