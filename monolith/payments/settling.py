"""Brings the ownership of payments to where the stage wants it, some hundred in a transaction, as often as needed."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from threading import Event

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from monolith.payments.models import Ownership, Payment, PaymentRequest
from monolith.payments.owners import CONTEXT
from monolith.payments.ownership import hand_over, recall
from monolith.payments.pursuing import work_off
from monolith.settling import RECALL_AGAIN, Progress, Settled, hand_over_all, recall_all, settle_round, wanted_here
from strangler.cutover.stages import service_has, setting_of

BATCH = 500


def settle(*, stop: Event | None = None, progress: Progress = lambda _: None, everything: bool = True) -> Settled:
    """One round; it ends early when `stop` is set, and tells its `progress` after each batch.

    Without `everything` no payment of this side is looked at: enough for as long as the stage stays as it is, since new
    payments begin on the side that the stage wants.
    """
    hands = (_hand_over_all, _recall_all) if everything else (_recall_all,)
    return settle_round(hands, work_off, stop=stop, progress=progress)


def still_away() -> int:
    """Payments that the service owns although the stage wants them here: asked back, and not come yet."""
    return wanted_here(CONTEXT, _with_the_service().iterator())


def not_settled() -> int:
    """Payments that are to change hands, or have been asked back and are not here yet."""
    setting = setting_of(CONTEXT)
    there = Payment.objects.order_by().annotate(away=Exists(_ownership_of_each()))
    pairs = there.values_list("order_number", "away").iterator()
    return sum(service_has(setting, number) != away for number, away in pairs)


def requests_that_hang(longer_than: timedelta) -> int:
    """Without an answer for so long, and for so long after the gateway is tried no more."""
    late = timezone.now() - longer_than
    unanswered = PaymentRequest.objects.filter(status__in=PaymentRequest.UNANSWERED, created_at__lt=late)
    return unanswered.exclude(deferred_until__gt=late).count()


def _hand_over_all(done: Settled) -> Iterator[None]:
    for given, not_given in hand_over_all(CONTEXT, _home_payments, hand_over):
        done.handed_over += len(given)
        done.busy += len(not_given)
        yield


def _recall_all(done: Settled) -> Iterator[None]:
    for asked in recall_all(CONTEXT, _payments_to_recall, partial(recall, again_after=RECALL_AGAIN)):
        done.recalled += len(asked)
        yield


def _home_payments(last: str) -> list[str]:
    payments = Payment.objects.filter(~Exists(_ownership_of_each()), order_number__gt=last)
    return list(payments.order_by("order_number").values_list("order_number", flat=True)[:BATCH])


def _payments_to_recall(last: str) -> list[str]:
    asked = Q(recalled_at__gt=timezone.now() - RECALL_AGAIN)
    return list(_with_the_service().filter(~asked, order_number__gt=last)[:BATCH])


def _with_the_service() -> QuerySet[Ownership, str]:
    """Of which there is something to bring home: what was declined, and what is only being made, is no payment here."""
    there = Payment.objects.filter(order_number=OuterRef("order_number"))
    theirs = Ownership.objects.filter(Exists(there), owner=Ownership.Owner.SERVICE)
    return theirs.order_by("order_number").values_list("order_number", flat=True)


def _ownership_of_each() -> QuerySet[Ownership]:
    return Ownership.objects.filter(order_number=OuterRef("order_number"), owner=Ownership.Owner.SERVICE)
