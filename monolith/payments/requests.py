"""The one door to a payment: what this side owns is done at once, for the rest the payments service is asked.

Locks come in one order: the payment's row, then whose it is and what was asked. Who locks an order, a cart, a promotion
or stock as well, does so before.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from monolith.errors import NotFound, PaymentElsewhere
from monolith.payments.doing import do
from monolith.payments.events import PaymentRequested
from monolith.payments.models import Ownership, Payment, PaymentRequest
from monolith.payments.owners import CONTEXT, Standing, expected, standing
from monolith.payments.sums import Sums, sums_of
from monolith.payments.wanted import Wanted, refusal
from strangler.cutover import monolith_serves
from strangler.outbox import publish

Status = PaymentRequest.Status
_ASKED = ("action", "order_number", "amount", "currency", "card_token", "customer_email", "customer_name", "answer_by")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`awaited` is the request that the service has to answer; None: it is done. `payment` is None until it is told."""

    payment: Payment | None
    awaited: UUID | None = None


@transaction.atomic
def request(wanted: Wanted, number: UUID | None = None) -> Outcome:
    """With the `number` of a request that is known, the answer is the same again, or the question is put again.

    Raises PaymentDeclined, CaptureTooLarge, RefundTooLarge, NotFound; and GatewayUnavailable, PaymentElsewhere where
    the service owns the payment.
    """
    payment = None if wanted.makes_one else locked(wanted.order_number)
    return do_or_ask(wanted, payment, standing(wanted.order_number), number)


def do_or_ask(wanted: Wanted, payment: Payment | None, found: Standing, number: UUID | None = None) -> Outcome:
    """For who has locked the payment, and then read how it stands. Raises what `request` does."""
    if number and found.owner and (known := PaymentRequest.objects.filter(request=number).first()):
        return _once_more(known, payment)
    if found.owner is None and wanted.makes_one and not monolith_serves(CONTEXT, key=wanted.order_number):
        found = _begin_there(wanted.order_number)
    if found.is_theirs or found.must_wait:
        return Outcome(payment, record(number or uuid4(), wanted, payment, found).request)
    if payment is None and not wanted.makes_one:
        raise no_payment(wanted.order_number)
    return Outcome(do(wanted, payment))


def locked(order_number: str) -> Payment | None:
    return Payment.objects.select_for_update().filter(order_number=order_number).first()


def standing_sums(payment: Payment, found: Standing) -> Sums:
    """Of a locked one, once all is done that was asked for."""
    now = sums_of(payment)
    return expected(now, payment.order_number) if found.asked or found.held else now


def no_payment(order_number: str) -> NotFound | PaymentElsewhere:
    if standing(order_number).is_theirs:
        return PaymentElsewhere(
            f"The payment of order {order_number} is kept by the payments service, which has not told yet how it "
            "stands. Try again in a moment."
        )
    return NotFound(f"There is no payment for order {order_number}.")


def record(number: UUID, wanted: Wanted, payment: Payment | None, found: Standing) -> PaymentRequest:
    """Asked of the service, unless something earlier comes first. Raises what is certain to be refused."""
    row = PaymentRequest(request=number, **{name: getattr(wanted, name) for name in _ASKED})
    if payment is not None:
        after = expected(sums_of(payment), wanted.order_number).after(wanted)
        row.captured_after, row.refunded_after, row.closes = after.captured, after.refunded, after.closed
    elif wanted.action in {"capture", "refund"}:
        raise no_payment(wanted.order_number)
    if found.must_wait:
        row.status, row.due_at = Status.WAITING, timezone.now()
    else:
        ask(row, number, found.epoch)
    row.save()
    return row


def ask(row: PaymentRequest, number: UUID, epoch: int) -> None:
    """To be saved by the caller."""
    row.status, row.asked_as, row.epoch, row.due_at = Status.OPEN, number, epoch, None
    _put(row)


def wanted_by(row: PaymentRequest) -> Wanted:
    return Wanted(**{name: getattr(row, name) for name in _ASKED})


def _put(row: PaymentRequest) -> None:
    row.attempts += 1
    publish(PaymentRequested(request=row.asked_as, epoch=row.epoch, **{name: getattr(row, name) for name in _ASKED}))


def _once_more(known: PaymentRequest, payment: Payment | None) -> Outcome:
    if known.status == Status.REFUSED:
        raise refusal(known.code, known.reason)
    if known.status == Status.OPEN:
        _put(known)
        known.save(update_fields=["attempts"])
    return Outcome(payment, None if known.status == Status.DONE else known.request)


def _begin_there(order_number: str) -> Standing:
    """A payment that is not there yet, and will be made by the service: who asks it first makes it the owner."""
    begun = Ownership.objects.create(order_number=order_number, owner=Ownership.Owner.SERVICE, epoch=1)
    return Standing(begun.owner, begun.epoch, asked=False, held=False)
