"""`manage.py outbox_prune`: delete what was relayed long enough ago. Run it daily."""

from __future__ import annotations

from datetime import timedelta

from django.db import router

from strangler.commands import PruneCommand
from strangler.conf import settings
from strangler.outbox import retention
from strangler.outbox.models import OutboxMessage


class Command(PruneCommand):
    help = "Delete outbox messages that were relayed before the retention time, in bounded batches."
    setting = "OUTBOX_RETENTION_HOURS"

    def prune(self, older_than: timedelta, age: str) -> str:
        alias = router.db_for_write(OutboxMessage)
        deleted = retention.prune(using=alias, older_than=older_than, unrelayed=settings.relay == "none")
        return f"{deleted} outbox messages older than {age}"
