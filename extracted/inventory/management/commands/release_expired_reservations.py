from argparse import ArgumentParser
from typing import Any

from extracted.inventory.services import decide_overdue, release_expired
from strangler.commands import KitCommand, add_interval, check_interval
from strangler.stopping import stop_on_signals


class Command(KitCommand):
    help = (
        "Free the stock that was held for people who did not check out in time, of SKUs that are owned here, and "
        "decide what waits for no baton any more. Without --loop: once, for a cron job."
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
        if decided := decide_overdue():
            self.stdout.write(f"decided {decided} that waited")
