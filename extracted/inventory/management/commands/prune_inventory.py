from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from extracted.inventory.retention import prune_changes, prune_outcomes
from strangler.commands import KitCommand
from strangler.conf import settings


class Command(KitCommand):
    help = (
        "Forget changes of stock that were answered long ago, and old comparisons of the shadow but for the newest "
        "10,000, in bounded batches. Run it daily."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help='instead of STRANGLER["INBOX_RETENTION_HOURS"]')

    def handle(self, *_args: Any, hours: float | None, **_options: Any) -> None:
        hours = settings.inbox_retention_hours if hours is None else hours
        if not 0 <= hours <= 1_000_000:
            raise CommandError(f"--hours {hours}: give a number of hours from 0")
        age = timedelta(hours=hours)
        changes, outcomes = prune_changes(older_than=age), prune_outcomes(older_than=age)
        self.stdout.write(f"deleted {changes} stock changes and {outcomes} comparisons older than {hours:g} hours")
