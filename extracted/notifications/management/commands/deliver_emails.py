from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from extracted.notifications.delivery import deliver_due
from strangler.commands import add_interval, check_interval
from strangler.outages import survive_outages
from strangler.stopping import stop_on_signals

LONGEST_OUTAGE_PAUSE = 30.0  # seconds


class Command(BaseCommand):
    help = "Send the e-mails that are due: those whose first attempt failed or was cut off. Without --loop: once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--loop", action="store_true", help="keep running until SIGTERM or Ctrl-C")
        add_interval(parser, default=5.0)

    def handle(self, *, loop: bool, interval: float, **_options: Any) -> None:
        check_interval(interval)
        with stop_on_signals() as stop:
            if loop:
                survive_outages(lambda: self._rounds(stop, interval), stop=stop, backoff_max=LONGEST_OUTAGE_PAUSE)
            else:
                self._round(stop)

    def _rounds(self, stop: Event, interval: float) -> None:
        self._round(stop)
        while not stop.wait(interval):
            self._round(stop)

    def _round(self, stop: Event) -> None:
        sent, failed = deliver_due(stop.is_set)
        if sent or failed:
            self.stdout.write(f"sent {sent}, failed {failed}")
