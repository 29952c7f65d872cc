"""What is to happen: each function takes a state and returns the events of what follows from it.

Source: Jérémie Chassaing, "Functional Event Sourcing Decider" (https://thinkbeforecoding.com/post/2021/12/17/functional-event-sourcing-decider).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from extracted.payments.domain import events
from extracted.payments.domain.events import Kind, Step
from extracted.payments.domain.state import Open, PaymentState, Pending, evolve
from extracted.payments.errors import CaptureTooLarge, NotFound, PaymentDeclined, PaymentsError, RefundTooLarge
from extracted.payments.events import PaymentRequested
from extracted.payments.money import ZERO
from strangler.messaging import Event

GIVES_BACK = {"refund", "give_back"}
NewCall = Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The gateway did it. `reference` is its own, of this movement."""

    reference: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Denied:
    """The gateway will never do it; `reason` is a text for people."""

    reason: str


def open_request(state: PaymentState, asked: PaymentRequested) -> list[Event]:
    """For a payment at rest. A request against which something speaks is refused at once."""
    told = {"order_number": asked.order_number, "request": asked.request, "action": asked.action}
    try:
        steps = steps_of(state, asked)
    except PaymentsError as refusal:
        return [events.RequestRefused(**told, code=refusal.code, reason=str(refusal))]
    who = ("currency", "customer_email", "customer_name")
    named = {name: getattr(asked, name) for name in who} if asked.action in {"authorise", "charge"} else {}
    return [events.RequestOpened(**told, steps=steps, **named)]


def advance(state: PaymentState, order_number: str, *, new_call: NewCall = uuid4) -> list[Event]:
    """All that follows by itself, up to the next call of the gateway or to rest."""
    happened: list[Event] = []
    while (event := _next(state, order_number, new_call)) is not None:
        happened.append(event)
        state = evolve(state, event)
    return happened


def settle(state: PaymentState, order_number: str, call: UUID, outcome: Succeeded | Denied) -> list[Event]:
    """What the gateway has said. Nothing, where that call is not in hand (any more): an answer that came twice."""
    pending = state.pending
    if pending is None or pending.call != call:
        return []
    if isinstance(outcome, Succeeded):
        return [_moved(state, order_number, pending, outcome)]
    code = REFUSALS[pending.kind].code
    happened: list[Event] = [events.CallRefused(order_number=order_number, call=call, code=code, reason=outcome.reason)]
    if state.open is not None and state.open.request == pending.request:
        happened.append(_refused(order_number, state.open, code, outcome.reason))
    return happened


def abandon(state: PaymentState, order_number: str, *, code: str, reason: str, tried: bool) -> list[Event]:
    """The request in hand is refused: nobody waits for it any more. `tried`: the gateway may know of the call.

    What gives money back is not refused once the gateway was asked: whoever asked again would give it back twice.
    """
    if state.open is None or (tried and state.open.action in GIVES_BACK):
        return []
    happened: list[Event] = []
    if state.pending is not None and not state.pending.undoes and not tried:
        happened.append(events.CallWithdrawn(order_number=order_number, call=state.pending.call))
    return [*happened, _refused(order_number, state.open, code, reason)]


def steps_of(state: PaymentState, asked: PaymentRequested) -> tuple[Step, ...]:
    """What the gateway is to be asked, in order. Raises the PaymentsError that says why not."""
    match asked.action:
        case "authorise":
            return (_authorisation(state, asked),)
        case "charge":
            authorisation = _authorisation(state, asked)
            return (authorisation, Step(kind="capture", amount=authorisation.amount))
        case "capture":
            return (_capture(_existing(state, asked), asked),)
        case "refund":
            return _refund(_existing(state, asked), asked)
    return closing_steps(state)


def closing_steps(state: PaymentState) -> tuple[Step, ...]:
    """What brings a payment to nothing: what was taken goes back, what is set aside is let go."""
    back = [Step(kind="refund", amount=state.refundable)] if state.refundable > 0 else []
    unused = [Step(kind="void", amount=state.capturable)] if state.capturable > 0 else []
    return (*back, *unused)


def _next(state: PaymentState, order_number: str, new_call: NewCall) -> Event | None:
    if state.pending:
        return None
    if state.open:
        if state.open.steps:
            return _requested(order_number, state.open.steps[0], new_call(), state.open.request)
        told = {"request": state.open.request, "action": state.open.action}
        return events.RequestDone(order_number=order_number, **told)
    if state.undo and state.undo_for:
        return _requested(order_number, state.undo, new_call(), state.undo_for, undoes=True)
    if state.closing:
        return _requested(order_number, closing_steps(state)[0], new_call(), state.closing, undoes=True)
    return None


def _authorisation(state: PaymentState, asked: PaymentRequested) -> Step:
    if state.authorised:
        raise PaymentDeclined(f"Order {asked.order_number} has a payment already ({state.status}): see to that one.")
    if asked.amount is None or asked.amount <= 0 or not asked.currency:
        raise PaymentDeclined(f"Order {asked.order_number}: an authorisation takes an amount above 0 and a currency.")
    return Step(kind="authorise", amount=asked.amount)


def _existing(state: PaymentState, asked: PaymentRequested) -> PaymentState:
    if not state.authorised:
        raise NotFound(f"There is no payment for order {asked.order_number}.")
    return state


def _capture(state: PaymentState, asked: PaymentRequested) -> Step:
    left = max(state.capturable, ZERO)
    amount = left if asked.amount is None else asked.amount
    if not 0 < amount <= left:
        raise CaptureTooLarge(
            f"Order {asked.order_number}: {amount} can't be captured; at most {left} {state.currency} can."
        )
    return Step(kind="capture", amount=amount)


def _refund(state: PaymentState, asked: PaymentRequested) -> tuple[Step, ...]:
    if not state.captured:
        raise RefundTooLarge(
            f"Order {asked.order_number}: nothing is paid yet, so nothing can be refunded; cancel it instead."
        )
    if asked.amount is None and closing_steps(state):
        return closing_steps(state)
    if asked.amount is None or not 0 < asked.amount <= state.refundable:
        raise RefundTooLarge(
            f"Order {asked.order_number}: {asked.amount or ZERO} can't be refunded; "
            f"at most {state.refundable} {state.currency} can."
        )
    return (Step(kind="refund", amount=asked.amount),)


REFUSALS: dict[Kind, type[PaymentsError]] = {
    "authorise": PaymentDeclined,
    "capture": CaptureTooLarge,
    "refund": RefundTooLarge,
    "void": RefundTooLarge,
}
_REQUESTED: dict[Kind, type[events.CallRequested]] = {
    "authorise": events.AuthorisationRequested,
    "capture": events.CaptureRequested,
    "refund": events.RefundRequested,
    "void": events.VoidRequested,
}
_MOVED: dict[Kind, type[events.MoneyMoved]] = {
    "capture": events.MoneyCaptured,
    "refund": events.MoneyRefunded,
    "void": events.MoneyReleased,
}


def _requested(order_number: str, step: Step, call: UUID, request: UUID, *, undoes: bool = False) -> Event:
    told = {"order_number": order_number, "call": call, "request": request, "amount": step.amount}
    return _REQUESTED[step.kind](**told, undoes=undoes)


def _moved(state: PaymentState, order_number: str, call: Pending, outcome: Succeeded) -> Event:
    told = {"order_number": order_number, "amount": call.amount, "currency": state.currency, "call": call.call}
    told |= {"reference": outcome.reference, "at": outcome.at}
    if call.kind != "authorise":
        return _MOVED[call.kind](**told)
    who = {name: getattr(state, name) for name in ("customer_email", "customer_name")}
    return events.MoneyAuthorised(**told, **who, authorisation=outcome.reference)


def _refused(order_number: str, asked: Open, code: str, reason: str) -> Event:
    told = {"request": asked.request, "action": asked.action}
    return events.RequestRefused(order_number=order_number, **told, code=code, reason=reason)
