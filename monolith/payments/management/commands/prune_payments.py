from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from monolith.payments.retention import prune
from strangler.commands import KitCommand
from strangler.conf import settings


class Command(KitCommand):
    help = (
        "Forget what the payments service was asked to do and has answered long ago, in bounded batches. Run it daily. "
        "What is still open, or was asked for a saga that has not ended, stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help='instead of STRANGLER["INBOX_RETENTION_HOURS"]')

    def handle(self, *_args: Any, hours: float | None, **_options: Any) -> None:
        hours = settings.inbox_retention_hours if hours is None else hours
        if not 0 <= hours <= 1_000_000:
            raise CommandError(f"--hours {hours}: give a number of hours from 0")
        deleted = prune(older_than=timedelta(hours=hours))
        self.stdout.write(f"deleted {deleted} payment requests answered more than {hours:g} hours ago")
