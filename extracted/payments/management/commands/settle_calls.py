from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from extracted.payments.gateway import Gateway
from extracted.payments.worker import LONGEST_SLEEP, work
from strangler.commands import KitCommand
from strangler.outages import survive_outages
from strangler.stopping import stop_on_signals

LONGEST_OUTAGE_PAUSE = 30.0  # seconds
MOST_AT_ONCE = 64


class Command(KitCommand):
    help = (
        "Make the calls of the card gateway that are due, refuse what nobody waits for any more, and tell what came "
        "of it. May be killed at any time, and run several times at once. Without --follow: what is due now."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--follow", action="store_true", help="keep running until SIGTERM or Ctrl-C")
        parser.add_argument("--at-once", type=int, default=8, help="calls in the air at a time (default 8)")

    def handle(self, *, follow: bool, at_once: int, **_options: Any) -> None:
        if not 1 <= at_once <= MOST_AT_ONCE:
            raise CommandError(f"--at-once {at_once}: give a number from 1 to {MOST_AT_ONCE}.")
        with stop_on_signals() as stop, Gateway() as gateway:
            if follow:
                rounds = lambda: self._rounds(gateway, stop, at_once)  # noqa: E731
                survive_outages(rounds, stop=stop, backoff_max=LONGEST_OUTAGE_PAUSE)
            else:
                self._round(gateway, stop, at_once)

    def _rounds(self, gateway: Gateway, stop: Event, at_once: int) -> None:
        connection.close_if_unusable_or_obsolete()
        self._round(gateway, stop, at_once)
        while not stop.wait(LONGEST_SLEEP):
            self._round(gateway, stop, at_once)

    def _round(self, gateway: Gateway, stop: Event, at_once: int) -> None:
        made, late = work(gateway, stop=stop, at_once=at_once)
        if made or late:
            self.stdout.write(f"calls made {made}, requests refused as late {late}")
