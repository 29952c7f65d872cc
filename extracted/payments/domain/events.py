"""What happened to a payment, in the words of its stream. These stay inside; others are told by `payments.events`.

Versions are those of `strangler.messaging`: a changed field is a new version and an upcaster, never a changed row.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from extracted.payments.events import Action
from extracted.payments.money import ZERO, Amount
from strangler.messaging import Event

Kind = Literal["authorise", "capture", "refund", "void"]
Origin = Literal["service", "monolith"]


class Step(BaseModel):
    """A call of the gateway to come."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    amount: Amount


class PaymentStreamEvent(Event):
    order_number: str


class RequestOpened(
    PaymentStreamEvent, type="payments.request_opened", aggregate="payment", key="order_number", kind="domain"
):
    """Somebody asks, nothing speaks against it, and the gateway is asked for these steps, one after the other."""

    request: UUID
    action: Action
    steps: tuple[Step, ...]
    currency: str = ""
    customer_email: str = ""
    customer_name: str = ""


class CallRequested(PaymentStreamEvent):
    """The gateway is to be called. `call` is its idempotency key; `undoes`: to take back what `request` had begun."""

    call: UUID
    request: UUID
    amount: Amount
    undoes: bool = False


class AuthorisationRequested(
    CallRequested, type="payments.authorisation_requested", aggregate="payment", key="order_number", kind="domain"
):
    """Of an amount that a card shall set aside."""


class CaptureRequested(
    CallRequested, type="payments.capture_requested", aggregate="payment", key="order_number", kind="domain"
):
    """Of an amount that is set aside."""


class RefundRequested(
    CallRequested, type="payments.refund_requested", aggregate="payment", key="order_number", kind="domain"
):
    """Of an amount that was taken."""


class VoidRequested(
    CallRequested, type="payments.void_requested", aggregate="payment", key="order_number", kind="domain"
):
    """Of an amount that is set aside and will not be taken."""


class MoneyMoved(PaymentStreamEvent):
    """`reference` is the gateway's, of this movement. Without a `call` the monolith did it (`origin`)."""

    amount: Amount
    currency: str
    reference: str = ""
    origin: Origin = "service"
    call: UUID | None = None
    at: datetime


class MoneyAuthorised(
    MoneyMoved, type="payments.money_authorised", aggregate="payment", key="order_number", kind="domain"
):
    customer_email: str
    customer_name: str
    authorisation: str


class MoneyCaptured(MoneyMoved, type="payments.money_captured", aggregate="payment", key="order_number", kind="domain"):
    """Taken from what was set aside."""


class MoneyRefunded(MoneyMoved, type="payments.money_refunded", aggregate="payment", key="order_number", kind="domain"):
    """Given back of what was taken."""


class MoneyReleased(MoneyMoved, type="payments.money_released", aggregate="payment", key="order_number", kind="domain"):
    """Set aside, and the customer's again without having been taken."""


class CallRefused(
    PaymentStreamEvent, type="payments.call_refused", aggregate="payment", key="order_number", kind="domain"
):
    """The gateway has answered, and does not do it."""

    call: UUID
    code: str
    reason: str


class CallWithdrawn(
    PaymentStreamEvent, type="payments.call_withdrawn", aggregate="payment", key="order_number", kind="domain"
):
    """The gateway was never asked, and now it is of no use."""

    call: UUID


class RequestDone(
    PaymentStreamEvent, type="payments.request_done", aggregate="payment", key="order_number", kind="domain"
):
    request: UUID
    action: Action


class RequestRefused(
    PaymentStreamEvent, type="payments.request_refused", aggregate="payment", key="order_number", kind="domain"
):
    """What the gateway did for it, or does later, is undone."""

    request: UUID
    action: Action
    code: str
    reason: str


class PaymentLearned(
    PaymentStreamEvent, type="payments.payment_learned", aggregate="payment", key="order_number", kind="domain"
):
    """All that the monolith knows of its payment, and by how much the books here change to agree with that."""

    why: Literal["told", "handed_over", "corrected"]
    customer_email: str
    customer_name: str
    currency: str
    authorisation: str
    created_at: datetime
    authorised_by: Amount = ZERO
    captured_by: Amount = ZERO
    refunded_by: Amount = ZERO
    released_by: Amount = ZERO


class OwnerChanged(
    PaymentStreamEvent, type="payments.owner_changed", aggregate="payment", key="order_number", kind="domain"
):
    owner: Literal["monolith", "service"]
    epoch: int


STREAM_EVENTS = (
    *(RequestOpened, RequestDone, RequestRefused, OwnerChanged, PaymentLearned),
    *(AuthorisationRequested, CaptureRequested, RefundRequested, VoidRequested, CallRefused, CallWithdrawn),
    *(MoneyAuthorised, MoneyCaptured, MoneyRefunded, MoneyReleased),
)
