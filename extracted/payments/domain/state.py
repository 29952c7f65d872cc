"""What a payment has become: the fold of its stream."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from extracted.payments.domain import events
from extracted.payments.domain.events import Kind, Step
from extracted.payments.events import Action
from extracted.payments.money import ZERO, Amount
from strangler.messaging import Event

M = TypeVar("M", bound=BaseModel)


class Status(StrEnum):
    """As in the monolith; NONE: nothing has been set aside."""

    NONE = ""
    AUTHORISED = "authorised"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Open(_Frozen):
    """The request in hand, and the calls that are left to make for it."""

    request: UUID
    action: Action
    steps: tuple[Step, ...]


class Pending(_Frozen):
    """The one call of the gateway whose end is not known. `abandoned`: whoever wanted it has been told no."""

    call: UUID
    kind: Kind
    amount: Amount
    request: UUID
    undoes: bool
    abandoned: bool = False


class PaymentState(_Frozen):
    """At most one request and one call of the gateway are in hand at a time. `closing` is a refused request whose
    payment is to be brought to nothing, `undo` a step that takes back a part."""

    customer_email: str = ""
    customer_name: str = ""
    currency: str = ""
    authorised: Amount = ZERO
    captured: Amount = ZERO
    refunded: Amount = ZERO
    released: Amount = ZERO
    authorisation: str = ""
    created_at: datetime | None = None
    open: Open | None = None
    pending: Pending | None = None
    undo: Step | None = None
    undo_for: UUID | None = None
    closing: UUID | None = None

    @property
    def capturable(self) -> Decimal:
        return self.authorised - self.captured - self.released

    @property
    def refundable(self) -> Decimal:
        return self.captured - self.refunded

    @property
    def status(self) -> Status:
        """Refunded it is only once nothing more can be taken."""
        if not self.authorised and not self.captured:
            return Status.NONE
        if not self.captured:
            return Status.VOIDED if self.released else Status.AUTHORISED
        closed = self.capturable <= 0
        if self.refunded:
            return Status.REFUNDED if closed and not self.refundable else Status.PARTIALLY_REFUNDED
        return Status.CAPTURED if closed else Status.PARTIALLY_CAPTURED

    @property
    def is_at_rest(self) -> bool:
        return not (self.open or self.pending or self.undo or self.closing)


def fold(state: PaymentState, happened: Iterable[Event]) -> PaymentState:
    for event in happened:
        state = evolve(state, event)
    return state


def evolve(state: PaymentState, event: Event) -> PaymentState:
    """Pure, and total: what has happened is never refused."""
    match event:
        case events.MoneyMoved() | events.PaymentLearned():
            return _rested(_moved(state, event))
        case events.CallRequested() | events.CallRefused() | events.CallWithdrawn():
            return _rested(_called(state, event))
        case events.RequestOpened() | events.RequestDone() | events.RequestRefused():
            return _rested(_asked(state, event))
    return state


KIND_OF: dict[type[Event], Kind] = {
    events.AuthorisationRequested: "authorise",
    events.CaptureRequested: "capture",
    events.RefundRequested: "refund",
    events.VoidRequested: "void",
}


def _moved(state: PaymentState, event: Event) -> PaymentState:
    match event:
        case events.MoneyAuthorised():
            told = {name: getattr(event, name) for name in ("currency", "customer_email", "customer_name")}
            told |= {"authorisation": event.authorisation, "created_at": state.created_at or event.at}
            changed = _with(state, authorised=state.authorised + event.amount, **told)
        case events.MoneyCaptured():
            changed = _with(state, captured=state.captured + event.amount)
        case events.MoneyRefunded():
            changed = _with(state, refunded=state.refunded + event.amount)
        case events.MoneyReleased():
            changed = _with(state, released=state.released + event.amount)
        case events.PaymentLearned():
            return _learned(state, event)
        case _:
            return state
    return _settled(changed) if _is_pending(state, event.call) else changed


def _learned(state: PaymentState, event: events.PaymentLearned) -> PaymentState:
    told = ("customer_email", "customer_name", "currency", "authorisation", "created_at")
    amounts = ("authorised", "captured", "refunded", "released")
    changed = {name: getattr(state, name) + getattr(event, f"{name}_by") for name in amounts}
    return _with(state, **{name: getattr(event, name) for name in told}, **changed)


def _settled(state: PaymentState) -> PaymentState:
    """What was taken for somebody who had been told no goes back: all of it where the payment is closing anyway."""
    call = state.pending
    state = _with(state, pending=None)
    if call and call.abandoned and call.kind == "capture" and not state.closing:
        return _with(state, undo=Step(kind="refund", amount=call.amount), undo_for=call.request)
    return state


def _called(state: PaymentState, event: Event) -> PaymentState:
    if isinstance(event, events.CallRequested):
        return _calling(state, event)
    if not isinstance(event, events.CallRefused | events.CallWithdrawn) or not _is_pending(state, event.call):
        return state
    undoes = state.pending is not None and state.pending.undoes
    if undoes:  # what the gateway refuses to undo, only people can
        return _with(state, pending=None, closing=None)
    return _with(state, pending=None)


def _calling(state: PaymentState, event: events.CallRequested) -> PaymentState:
    names = {"call": event.call, "request": event.request, "amount": event.amount, "undoes": event.undoes}
    pending = Pending(kind=KIND_OF[type(event)], **names)
    if event.undoes:
        return _with(state, pending=pending, undo=None, undo_for=None)
    left = state.open and _with(state.open, steps=state.open.steps[1:])
    return _with(state, pending=pending, open=left)


def _asked(state: PaymentState, event: Event) -> PaymentState:
    if isinstance(event, events.RequestOpened):
        told = {name: value for name in ("currency", "customer_email") if (value := getattr(event, name))}
        told |= {"customer_name": event.customer_name} if event.customer_name else {}
        return _with(state, open=Open(request=event.request, action=event.action, steps=event.steps), **told)
    if state.open is None or state.open.request != getattr(event, "request", None):
        return state
    if isinstance(event, events.RequestDone):
        return _with(state, open=None)
    pending = state.pending and _with(state.pending, abandoned=True)
    made_it = state.open.action in {"authorise", "charge"}
    return _with(state, open=None, pending=pending, closing=state.open.request if made_it else state.closing)


def _rested(state: PaymentState) -> PaymentState:
    """Closed is what has nothing left to be given back."""
    if state.closing and not state.pending and state.capturable <= 0 and state.refundable <= 0:
        return _with(state, closing=None)
    return state


def _is_pending(state: PaymentState, call: UUID | None) -> bool:
    return call is not None and state.pending is not None and state.pending.call == call


def _with(model: M, **changes: object) -> M:
    return model.model_copy(update=changes)
