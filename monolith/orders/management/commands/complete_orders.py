from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monolith.orders.housekeeping import complete_delivered_orders


class Command(BaseCommand):
    help = "Complete the orders whose time to return goods is over. For cron, once a night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="since the delivery")

    def handle(self, *, days: int, **_options: Any) -> None:
        if days < 0:
            raise CommandError(f"--days can't be negative, and {days} is.")
        self.stdout.write(f"{complete_delivered_orders(days)} orders completed")
