from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from monolith.money import Amount, Currency
from strangler.messaging import Event

Side = Literal["monolith", "service"]
Action = Literal["authorise", "charge", "capture", "refund", "give_back"]


class PaymentEvent(Event):
    """What every event about money tells.

    `authorisation` and `reference` are the gateway's names for the payment and for this movement of its money, `status`
    is the payment's afterwards. All three are empty in what was published before they were.
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
    """All there is to know of a payment: whoever has a copy may replace it by this."""

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
    """Told again by its owner, for whoever was not there or got it wrong. Ownership stays where it is."""


class PaymentHandedOver(
    PaymentWhole, type="payments.payment_handed_over", version=1, aggregate="payment", key="order_number"
):
    """From now on `to` owns the payment: who published this has given it up. `epoch` counts these moves."""

    to: Side
    epoch: int


class PaymentRecalled(Event, type="payments.payment_recalled", version=1, aggregate="payment", key="order_number"):
    """The monolith wants the payment back, of which it knows the `epoch`."""

    order_number: str
    epoch: int


class PaymentAsked(Event):
    """Something to be done with a payment. `request` is the same in question and answer."""

    request: UUID
    order_number: str
    action: Action


class PaymentRequested(
    PaymentAsked, type="payments.payment_requested", version=1, aggregate="payment", key="order_number"
):
    """Asked of the owner of the payment, as the asking side believes by `epoch`. 1 for one that is to be made there.

    Without an `amount`: of "capture" all that is left, of "refund" everything. What is not done by `answer_by` is not
    wanted any more. Card and customer are told to "authorise" and "charge" (which authorises and captures) alone.
    """

    amount: Amount | None = None
    currency: str = ""
    card_token: str = Field(default="", repr=False)
    customer_email: str = ""
    customer_name: str = ""
    epoch: int
    answer_by: datetime | None = None


class PaymentRequestDone(
    PaymentAsked, type="payments.payment_request_done", version=1, aggregate="payment", key="order_number"
):
    """Status and totals are the payment's afterwards. The money itself is told of by the events above."""

    status: str
    captured_total: Amount
    refunded_total: Amount


class PaymentRequestRefused(
    PaymentAsked, type="payments.payment_request_refused", version=1, aggregate="payment", key="order_number"
):
    """Nothing of it was done. `reason` is a text for whoever asked, `code` that of the same refusal in the shop's API.

    Codes: payment_declined, capture_too_large, refund_too_large, not_found, gateway_unavailable.
    """

    code: str
    reason: str


class PaymentRequestDeferred(
    PaymentAsked, type="payments.payment_request_deferred", version=1, aggregate="payment", key="order_number"
):
    """The gateway does not answer. It will be tried again `until` then; another answer comes for certain."""

    until: datetime
    reason: str


class PaymentRequestRedirected(
    PaymentAsked, type="payments.payment_request_redirected", version=1, aggregate="payment", key="order_number"
):
    """Not done, and not refused: who was asked owns the payment no more. `epoch` is the one that he knows."""

    epoch: int


class PaymentFlagged(Event, type="payments.payment_flagged", version=1, aggregate="payment", key="order_number"):
    """A rule against fraud struck: `count` payments over `total` of one customer within `window_seconds`."""

    order_number: str
    customer_email: str
    rule: str
    count: int
    total: Amount
    window_seconds: int
    flagged_at: datetime
