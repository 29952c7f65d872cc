from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from extracted.payments import fraud
from extracted.payments.retention import prune
from strangler.commands import KitCommand


class Command(KitCommand):
    help = (
        "Forget answered requests, ended calls of the gateway and comparisons, and what no window of the fraud check "
        "reaches any more. Streams and ledger stay. Run it daily."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than-days", type=float, default=90, help="but for the fraud check (default 90)")

    def handle(self, *_args: Any, older_than_days: float, **_options: Any) -> None:
        if not 0 <= older_than_days <= 100_000:
            raise CommandError(f"--older-than-days {older_than_days}: give a number of days from 0.")
        deleted = {**prune(older_than=timedelta(days=older_than_days)), "sightings": fraud.prune()}
        self.stdout.write("deleted " + ", ".join(f"{count} {name}" for name, count in deleted.items()))
