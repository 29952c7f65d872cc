from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from monolith.idempotency.services import prune
from strangler.commands import KitCommand, checked_hours


class Command(KitCommand):
    help = "Forget answered requests with an Idempotency-Key. Run it daily; clients retry within minutes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than-hours", type=float, default=48)

    def handle(self, *_args: Any, older_than_hours: float, **_options: Any) -> None:
        hours = checked_hours("--older-than-hours", older_than_hours)
        deleted = prune(older_than=timedelta(hours=hours))
        self.stdout.write(f"deleted {deleted} idempotency keys older than {hours:g} hours")
