from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from monolith.inventory.services import release_expired
from strangler.commands import add_interval, check_interval
from strangler.stopping import stop_on_signals


class Command(BaseCommand):
    help = (
        "Free the stock that was held for people who did not check out in time. Without --loop: once, for a cron job."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="keep running until SIGTERM or Ctrl-C")
        add_interval(parser, default=30.0)

    def handle(self, *, loop: bool, interval: float, **_options: Any) -> None:
        check_interval(interval)
        with stop_on_signals() as stop:
            self._round()
            while loop and not stop.wait(interval):
                self._round()

    def _round(self) -> None:
        if released := release_expired():
            self.stdout.write(f"released {released}")
