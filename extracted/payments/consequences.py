"""What follows from what happened, in its transaction: calls for the gateway, facts for everybody, answers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from extracted.payments import answering
from extracted.payments.domain import events as stream
from extracted.payments.domain.state import KIND_OF, PaymentState
from extracted.payments.events import PaymentAuthorised, PaymentCaptured, PaymentEvent, PaymentRefunded, PaymentVoided
from extracted.payments.happened import Happened
from extracted.payments.models import GatewayCall, PaymentRequest
from strangler.messaging import Event
from strangler.outbox import publish_many


def draw(happened: Sequence[Happened]) -> None:
    """Each is told within the conversation of the request that led to it."""
    found = PaymentRequest.objects.filter(request__in={each.request for each in happened if each.request})
    rows = {row.request: row for row in found}
    GatewayCall.objects.bulk_create(_calls(happened, rows))
    for each in happened:
        told = _told(each, rows)
        if told:
            with answering.conversation(rows.get(each.request)):
                publish_many(told)
    answering.save(rows.values())


def _calls(happened: Iterable[Happened], rows: Mapping[UUID | None, PaymentRequest]) -> list[GatewayCall]:
    calls = []
    for each in happened:
        event = each.event
        if isinstance(event, stream.CallRequested):
            row, kind = rows.get(event.request), KIND_OF[type(event)]
            calls.append(
                GatewayCall(
                    call=event.call,
                    request=event.request,
                    order_number=event.order_number,
                    kind=kind,
                    amount=event.amount,
                    currency=each.state.currency,
                    card_token=row.card_token if row and kind == "authorise" else "",
                    authorisation=each.state.authorisation,
                    undoes=event.undoes,
                )
            )
    return calls


def _told(each: Happened, rows: Mapping[UUID | None, PaymentRequest]) -> list[Event]:
    event, row = each.event, rows.get(each.request)
    if isinstance(event, stream.MoneyMoved) and event.origin == "service":
        return [fact(event, each.state)]
    if row is None:
        return []
    match event:
        case stream.RequestOpened():
            row.status = PaymentRequest.Status.OPEN
        case stream.RequestDone():
            return [answering.done(row, each.state)]
        case stream.RequestRefused():
            return [answering.refused(row, event.code, event.reason)]
    return []


def fact(event: stream.MoneyMoved, state: PaymentState) -> PaymentEvent:
    """As the monolith tells it."""
    told: dict[str, Any] = {
        **{name: getattr(state, name) for name in ("customer_email", "customer_name", "currency", "authorisation")},
        "order_number": event.order_number,
        "amount": event.amount,
        "reference": event.reference,
        "status": str(state.status),
    }
    match event:
        case stream.MoneyAuthorised():
            return PaymentAuthorised(**told, authorised_at=event.at)
        case stream.MoneyCaptured():
            return PaymentCaptured(**told, captured_total=state.captured, captured_at=event.at)
        case stream.MoneyRefunded():
            return PaymentRefunded(**told, refunded_total=state.refunded, refunded_at=event.at)
    return PaymentVoided(**told, voided_at=event.at)
