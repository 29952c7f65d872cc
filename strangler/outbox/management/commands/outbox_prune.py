"""`manage.py outbox_prune`: delete what was relayed long enough ago. Run it daily."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outbox.models import OutboxMessage
from strangler.outbox.retention import prune


class Command(KitCommand):
    help = "Delete outbox messages that were relayed before the retention time, in bounded batches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help='instead of STRANGLER["OUTBOX_RETENTION_HOURS"]')

    def handle(self, *args: Any, **options: Any) -> None:
        hours = settings.outbox_retention_hours if options["hours"] is None else options["hours"]
        if hours < 0:
            raise CommandError(f"--hours {hours}: give a number of hours from 0")
        alias = router.db_for_write(OutboxMessage)
        deleted = prune(using=alias, older_than=timedelta(hours=hours), unrelayed=settings.relay == "none")
        self.stdout.write(f"deleted {deleted} outbox messages older than {hours:g} hours")
