from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError

from monolith.idempotency.services import prune
from strangler.commands import KitCommand


class Command(KitCommand):
    help = "Forget answered requests with an Idempotency-Key. Run it daily; clients retry within minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than-hours", type=float, default=48)

    def handle(self, *_args: Any, older_than_hours: float, **_options: Any) -> None:
        if not 0 <= older_than_hours <= 1_000_000:
            raise CommandError(f"--older-than-hours {older_than_hours}: give a number of hours from 0")
        deleted = prune(older_than=timedelta(hours=older_than_hours))
        self.stdout.write(f"deleted {deleted} idempotency keys older than {older_than_hours:g} hours")
