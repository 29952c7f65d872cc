"""Brings the ownership of payments to where the stage wants it, some hundred in a transaction, as often as needed.

What is done is done: whoever kills it and starts it again goes on. Several at once don't get in each other's way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from monolith.payments.models import Ownership, Payment, PaymentRequest
from monolith.payments.owners import CONTEXT
from monolith.payments.ownership import hand_over, recall
from monolith.payments.pursuing import work_off
from strangler.conf import Stage
from strangler.cutover import monolith_serves, stage_of
from strangler.cutover.stages import service_has, setting_of

BATCH = 500
RECALL_AGAIN = timedelta(seconds=30)
"""After which a payment that was asked back, and has not come, is asked back once more."""
_AT_HOME = {Stage.MONOLITH, Stage.EMITTING, Stage.SHADOW}
_AWAY = {Stage.EXTRACTED, Stage.RETIRED}


@dataclass(slots=True)
class Settled:
    """What one round has done. `busy` are payments that could not be handed over now: somebody works on them."""

    handed_over: int = 0
    recalled: int = 0
    requests: int = 0
    busy: int = 0


def settle(
    *, stop: Event | None = None, progress: Callable[[Settled], None] = lambda _: None, everything: bool = True
) -> Settled:
    """One round; it ends early when `stop` is set, and tells its `progress` after each batch.

    Without `everything` no payment of this side is looked at: enough for as long as the stage stays as it is, since new
    payments begin on the side that the stage wants.
    """
    done, stop = Settled(), stop or Event()
    for hand in (_hand_over_all, _recall_all) if everything else (_recall_all,):
        for _ in hand(done):
            progress(done)
            if stop.is_set():
                return done
    while came := work_off():
        done.requests += came
        progress(done)
    return done


def still_away() -> int:
    """Payments that the service owns although the stage wants them here: asked back, and not come yet."""
    if stage_of(CONTEXT) in _AWAY:
        return 0
    with transaction.atomic():
        return sum(_is_ours(number) for number in _with_the_service().iterator())


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
    if stage_of(CONTEXT) in _AT_HOME:
        return
    for numbers in _batches(_home_payments):
        with transaction.atomic():
            wanted = [number for number in numbers if not _is_ours(number)]
            given = hand_over(wanted) if wanted else []
        done.handed_over += len(given)
        done.busy += len(wanted) - len(given)
        yield


def _recall_all(done: Settled) -> Iterator[None]:
    if stage_of(CONTEXT) in _AWAY:
        return
    for numbers in _batches(_payments_to_recall):
        with transaction.atomic():
            wanted = [number for number in numbers if _is_ours(number)]
            done.recalled += len(recall(wanted, again_after=RECALL_AGAIN)) if wanted else 0
        yield


def _is_ours(order_number: str) -> bool:
    return monolith_serves(CONTEXT, key=order_number)


def _batches(numbers_after: Callable[[str], list[str]]) -> Iterator[list[str]]:
    last = ""
    while numbers := numbers_after(last):
        yield numbers
        last = numbers[-1]


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
