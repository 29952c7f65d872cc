import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from monolith.notifications.delivery import deliver_due
from strangler.commands import add_interval, check_interval


class Command(BaseCommand):
    help = "Send the e-mails that are due. Without --loop: once, for a cron job."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="keep running until SIGTERM or Ctrl-C")
        add_interval(parser, default=5.0)

    def handle(self, *, loop: bool, interval: float, **_options: Any) -> None:
        check_interval(interval)
        stop = threading.Event()
        if loop:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        self._round(stop)
        while loop and not stop.wait(interval):
            self._round(stop)

    def _round(self, stop: threading.Event) -> None:
        sent, failed = deliver_due(stop.is_set)
        if sent or failed:
            self.stdout.write(f"sent {sent}, failed {failed}")
