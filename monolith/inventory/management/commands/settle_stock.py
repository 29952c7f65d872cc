from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import CommandError

from monolith.inventory.settling import Settled, settle, still_away
from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outages import survive_outages
from strangler.stopping import stop_on_signals


class Command(KitCommand):
    help = (
        "Bring the ownership of stock to where the stage of inventory wants it: hand SKUs over to the service, or ask "
        "them back, and do the changes of stock that waited for it. Without --follow: one round. It may be killed and "
        "run again at any time, and several may run at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--follow", action="store_true", help="keep running until SIGTERM or Ctrl-C")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between rounds (default 1)")

    def handle(self, *, follow: bool, interval: float, **_options: Any) -> None:
        if interval <= 0:
            raise CommandError(f"--interval must be more than 0 seconds, not {interval:g}.")
        with stop_on_signals() as stop:
            if follow:
                survive_outages(lambda: self._follow(stop, interval), stop=stop, backoff_max=settings.relay_backoff_max)
            else:
                self._round(stop)
                self._tell_what_is_left()

    def _follow(self, stop: Event, interval: float) -> None:
        while not stop.is_set():
            self._round(stop)
            stop.wait(interval)

    def _round(self, stop: Event) -> None:
        shown = Settled()

        def tell(done: Settled) -> None:
            nonlocal shown
            if line := _new(shown, done):
                self.stdout.write(line)
                self.stdout.flush()
            shown = Settled(done.handed_over, done.recalled, done.changes, done.busy)

        settle(stop=stop, progress=tell)

    def _tell_what_is_left(self) -> None:
        if away := still_away():
            self.stdout.write(f"{away:,} still with the service: it hands them over when it has heard of it")


def _new(before: Settled, now: Settled) -> str:
    """What has been added, in words; empty where nothing has."""
    added = {
        "handed over": now.handed_over - before.handed_over,
        "asked back": now.recalled - before.recalled,
        "changes done or asked for again": now.changes - before.changes,
        "too busy to be handed over": now.busy - before.busy,
    }
    return ", ".join(f"{count:,} {what}" for what, count in added.items() if count)
