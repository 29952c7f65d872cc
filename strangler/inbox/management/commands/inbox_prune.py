"""`manage.py inbox_prune`: forget what was handled long enough ago. Run it daily."""

from __future__ import annotations

from datetime import timedelta

from django.db import router

from strangler.commands import PruneCommand
from strangler.inbox import retention
from strangler.inbox.models import InboxMessage


class Command(PruneCommand):
    help = "Delete notes of messages handled before the retention time, in bounded batches."

    def prune(self, older_than: timedelta, age: str) -> str:
        deleted = retention.prune(using=router.db_for_write(InboxMessage), older_than=older_than)
        return f"{deleted} inbox messages older than {age}"
