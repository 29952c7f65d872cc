"""`manage.py inbox_prune`: forget what was handled long enough ago. Run it daily."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.inbox.models import InboxMessage
from strangler.inbox.retention import prune


class Command(KitCommand):
    help = "Delete notes of messages handled before the retention time, in bounded batches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help='instead of STRANGLER["INBOX_RETENTION_HOURS"]')

    def handle(self, *args: Any, **options: Any) -> None:
        hours = settings.inbox_retention_hours if options["hours"] is None else options["hours"]
        if hours < 0:
            raise CommandError(f"--hours {hours}: give a number of hours from 0")
        deleted = prune(using=router.db_for_write(InboxMessage), older_than=timedelta(hours=hours))
        self.stdout.write(f"deleted {deleted} inbox messages older than {hours:g} hours")
