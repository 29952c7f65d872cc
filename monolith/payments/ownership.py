"""How a payment changes hands between this side and the service: a baton, with the number of its moves.

Only the owner gives it up, under the payment's row lock, in the transaction that publishes it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from monolith.payments.copying import replace
from monolith.payments.events import PaymentHandedOver, PaymentRecalled
from monolith.payments.models import Ownership, Payment, PaymentRequest
from monolith.payments.owners import elsewhere
from monolith.payments.telling import whole_of
from strangler.outbox import publish_many

Owner = Ownership.Owner


@transaction.atomic
def hand_over(order_numbers: Collection[str]) -> list[str]:
    """To the service. Returns those that went.

    What somebody is working on is left for another time, as is that of which something earlier is to be done first.
    """
    free = Payment.objects.filter(order_number__in=list(order_numbers)).select_for_update(skip_locked=True)
    payments = {payment.order_number: payment for payment in free.order_by("pk")}
    known = dict(Ownership.objects.filter(order_number__in=payments).values_list("order_number", "epoch"))
    stay = elsewhere(payments).keys() | _with_requests(payments)
    given = {number: known.get(number, 0) + 1 for number in payments if number not in stay}
    _save(Owner.SERVICE, given)
    to = {"to": Owner.SERVICE.value}
    publish_many([PaymentHandedOver(**whole_of(payments[n]), **to, epoch=epoch) for n, epoch in given.items()])
    return list(given)


@transaction.atomic
def recall(order_numbers: Collection[str], *, again_after: timedelta = timedelta()) -> list[str]:
    """Asks the service to hand these over. Returns those that it was asked for: what it owns.

    Not those that it was asked for a moment ago, for which `again_after` has not passed.
    """
    asked = Q(recalled_at__gt=timezone.now() - again_after)
    theirs = Ownership.objects.filter(~asked, order_number__in=list(order_numbers), owner=Owner.SERVICE)
    rows = list(theirs.select_for_update(skip_locked=True).order_by("order_number"))
    Ownership.objects.filter(pk__in=[row.pk for row in rows]).update(recalled_at=timezone.now())
    publish_many([PaymentRecalled(order_number=row.order_number, epoch=row.epoch) for row in rows])
    return [row.order_number for row in rows]


@transaction.atomic
def take_over(events: Sequence[PaymentHandedOver]) -> list[str]:
    """What the service hands over is this side's from now on, with the sums that it tells.

    Twice is once: an epoch that is known changes nothing. Returns the orders whose payments were taken over.
    """
    latest = {event.order_number: event for event in sorted(events, key=lambda event: event.epoch)}
    list(Payment.objects.filter(order_number__in=latest).select_for_update().order_by("pk"))
    known = dict(Ownership.objects.filter(order_number__in=latest).values_list("order_number", "epoch"))
    taken = [
        event for number, event in latest.items() if event.to == Owner.MONOLITH and event.epoch > known.get(number, 0)
    ]
    replace(taken)
    _save(Owner.MONOLITH, {event.order_number: event.epoch for event in taken})
    return [event.order_number for event in taken]


def _with_requests(order_numbers: Collection[str]) -> set[str]:
    unanswered = PaymentRequest.objects.filter(
        order_number__in=list(order_numbers), status__in=PaymentRequest.UNANSWERED
    )
    return set(unanswered.values_list("order_number", flat=True))


def _save(owner: Owner, epochs: Mapping[str, int]) -> None:
    now = timezone.now()
    Ownership.objects.bulk_create(
        [Ownership(order_number=n, owner=owner, epoch=epoch, since=now) for n, epoch in sorted(epochs.items())],
        update_conflicts=True,
        unique_fields=["order_number"],
        update_fields=["owner", "epoch", "since", "recalled_at"],
    )
