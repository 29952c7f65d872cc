"""What a person does with dead letters: send them on their way again, or give them up."""

from __future__ import annotations

from django.db import router, transaction
from django.db.models import QuerySet
from django.utils import timezone

from strangler.inbox.models import InboxMessage, ParkedMessage

DEAD = ParkedMessage.Status.DEAD


def redrive(dead: QuerySet[ParkedMessage]) -> int:
    """Let the running consumers try these again from the first attempt, in order per key; returns how many."""
    return dead.filter(status=DEAD).update(
        status=ParkedMessage.Status.RETRYING, attempts=0, next_attempt_at=timezone.now()
    )


def discard(dead: QuerySet[ParkedMessage]) -> int:
    """Never handle these: they stay on file, and what waits behind them goes on; returns how many."""
    alias = router.db_for_write(ParkedMessage)
    with transaction.atomic(using=alias):
        given_up = list(dead.using(alias).filter(status=DEAD).select_for_update())
        InboxMessage.objects.using(alias).bulk_create(
            [
                InboxMessage(consumer_group=p.consumer_group, message_id=p.message_id, handled_at=timezone.now())
                for p in given_up
            ],
            ignore_conflicts=True,
        )
        return (
            ParkedMessage.objects.using(alias)
            .filter(id__in=[p.id for p in given_up])
            .update(status=ParkedMessage.Status.DISCARDED)
        )
