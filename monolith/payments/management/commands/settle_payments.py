from argparse import ArgumentParser
from dataclasses import asdict
from threading import Event
from time import monotonic
from typing import Any

from django.core.management.base import CommandError

from monolith.payments.owners import CONTEXT
from monolith.payments.settling import Settled, settle, still_away
from strangler.commands import KitCommand
from strangler.conf import StageSetting, settings
from strangler.cutover.stages import setting_of
from strangler.outages import survive_outages
from strangler.stopping import stop_on_signals

EVERYTHING_AGAIN = 60.0
"""Seconds after which all payments of this side are looked at again, although the stage is the same."""
_IN_WORDS = {
    "handed_over": "handed over",
    "recalled": "asked back",
    "requests": "requests done or asked again",
    "busy": "left for later, being worked on",
}


class Command(KitCommand):
    help = (
        "Bring the ownership of payments to where the stage of payments wants it: hand them over to the service, or "
        "ask them back, and do the requests that waited for it. Without --follow: one round. It may be killed and run "
        "again at any time, and several may run at once."
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
        """All of this side's are looked at after a change of stage, while something is left, and now and then."""
        looked: tuple[StageSetting, float] | None = None
        while not stop.is_set():
            stage, now = setting_of(CONTEXT), monotonic()
            everything = looked is None or looked[0] != stage or now - looked[1] > EVERYTHING_AGAIN
            done = self._round(stop, everything=everything)
            if everything:
                looked = None if done.busy else (stage, now)
            stop.wait(interval)

    def _round(self, stop: Event, *, everything: bool = True) -> Settled:
        shown = asdict(Settled())

        def tell(done: Settled) -> None:
            nonlocal shown
            now = asdict(done)
            added = {words: now[name] - shown[name] for name, words in _IN_WORDS.items()}
            if line := ", ".join(f"{count:,} {words}" for words, count in added.items() if count):
                self.stdout.write(line)
                self.stdout.flush()
            shown = now

        return settle(stop=stop, progress=tell, everything=everything)

    def _tell_what_is_left(self) -> None:
        if away := still_away():
            self.stdout.write(f"{away:,} still with the service: it hands them over when it has heard of it")
