from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from extracted.payments import fraud
from extracted.payments.retention import prune
from strangler.commands import KitCommand
from strangler.conf import settings


class Command(KitCommand):
    help = (
        "Forget requests that were answered long ago, calls of the gateway that ended then, old comparisons of the "
        "shadow but for the newest 10,000, and what no window of the fraud check reaches any more, in bounded batches. "
        "Streams and ledger stay. Run it daily."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help='instead of STRANGLER["INBOX_RETENTION_HOURS"]')

    def handle(self, *_args: Any, hours: float | None, **_options: Any) -> None:
        hours = settings.inbox_retention_hours if hours is None else hours
        if not 0 <= hours <= 1_000_000:
            raise CommandError(f"--hours {hours:g}: give a number of hours from 0")
        deleted = {**prune(older_than=timedelta(hours=hours)), "sightings": fraud.prune()}
        self.stdout.write("deleted " + ", ".join(f"{count} {name}" for name, count in deleted.items()))
