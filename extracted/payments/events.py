"""The events of the context, which has two publishers: whoever owns a payment tells of it (docs/adr/0023)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from extracted.payments.money import Amount, Currency
from strangler.messaging import Event

Action = Literal["authorise", "charge", "capture", "refund", "give_back"]


class PaymentEvent(Event):
    """What every event about money tells. The last three are optional, for messages from before they were told.

    `authorisation` is the gateway's reference of the payment, `reference` that of this movement; `status` comes of it.
    """

    order_number: str
    customer_email: str
    customer_name: str
    amount: Amount
    currency: Currency
    authorisation: str = ""
    reference: str = ""
    status: str = ""


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


class PaymentWhole(Event):
    """All there is to know of a payment."""

    order_number: str
    customer_email: str
    customer_name: str
    currency: Currency
    status: str
    authorised: Amount
    captured: Amount
    refunded: Amount
    authorisation: str
    created_at: datetime


class PaymentTold(PaymentWhole, type="payments.payment_told", version=1, aggregate="payment", key="order_number"):
    """For a copy that lacks the payment, or differs. Moves nothing."""


class PaymentHandedOver(
    PaymentWhole, type="payments.payment_handed_over", version=1, aggregate="payment", key="order_number"
):
    """From now on `to` owns the payment, which has moved `epoch` times."""

    to: Literal["monolith", "service"]
    epoch: int


class PaymentRecalled(Event, type="payments.payment_recalled", version=1, aggregate="payment", key="order_number"):
    """The monolith asks for what it handed over as `epoch`."""

    order_number: str
    epoch: int


class PaymentAsked(Event):
    request: UUID
    order_number: str
    action: Action


class PaymentRequested(
    PaymentAsked, type="payments.payment_requested", version=1, aggregate="payment", key="order_number"
):
    """Without an amount: a capture of all that is left, a refund of everything. `answer_by`: of no use afterwards."""

    amount: Amount | None = None
    currency: str = ""
    card_token: str = ""
    customer_email: str = ""
    customer_name: str = ""
    epoch: int
    answer_by: datetime | None = None


class PaymentRequestDone(
    PaymentAsked, type="payments.payment_request_done", version=1, aggregate="payment", key="order_number"
):
    status: str
    captured_total: Amount
    refunded_total: Amount


class PaymentRequestRefused(
    PaymentAsked, type="payments.payment_request_refused", version=1, aggregate="payment", key="order_number"
):
    """`reason` is a text for people."""

    code: str
    reason: str


class PaymentRequestDeferred(
    PaymentAsked, type="payments.payment_request_deferred", version=1, aggregate="payment", key="order_number"
):
    """The gateway does not answer; the service goes on trying until `until`."""

    until: datetime
    reason: str


class PaymentRequestRedirected(
    PaymentAsked, type="payments.payment_request_redirected", version=1, aggregate="payment", key="order_number"
):
    """Nothing was done: the payment is not (any more) owned here."""

    epoch: int


class PaymentFlagged(Event, type="payments.payment_flagged", version=1, aggregate="payment", key="order_number"):
    """With this payment the customer has more than `rule` allows within `window_seconds`. Nothing is held back."""

    order_number: str
    customer_email: str
    rule: str
    count: int
    total: Amount
    window_seconds: int
    flagged_at: datetime
