"""What commands of several contexts have in common."""

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from threading import Event
from typing import Any, ClassVar

from monolith.settling import Progress, Settled
from strangler.commands import KitCommand, add_interval, check_interval
from strangler.conf import settings
from strangler.outages import survive_outages
from strangler.stopping import stop_on_signals


class SettleCommand(KitCommand):
    """Brings ownership to where the stage wants it: one round, or with `--follow` one after the other."""

    words: ClassVar[Mapping[str, str]]
    """For each field of `Settled`, what is said of so many."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--follow", action="store_true", help="keep running until SIGTERM or Ctrl-C")
        add_interval(parser, default=1.0)

    def handle(self, *, follow: bool, interval: float, **_options: Any) -> None:
        check_interval(interval)
        with stop_on_signals() as stop:
            if follow:
                survive_outages(lambda: self.follow(stop, interval), stop=stop, backoff_max=settings.relay_backoff_max)
            else:
                self._round(stop)
                self._tell_what_is_left()

    def follow(self, stop: Event, interval: float) -> None:
        """Until `stop` is set. After an outage it is begun anew."""
        while not stop.is_set():
            self._round(stop)
            stop.wait(interval)

    @abstractmethod
    def settle(self, stop: Event, progress: Progress) -> Settled:
        """One round."""
        ...

    @abstractmethod
    def still_away(self) -> int:
        """How many have been asked back, and have not come yet."""
        ...

    def _round(self, stop: Event) -> None:
        shown = asdict(Settled())

        def tell(done: Settled) -> None:
            nonlocal shown
            now = asdict(done)
            added = {words: now[name] - shown[name] for name, words in self.words.items()}
            if line := ", ".join(f"{count:,} {words}" for words, count in added.items() if count):
                self.stdout.write(line)
                self.stdout.flush()
            shown = now

        self.settle(stop, tell)

    def _tell_what_is_left(self) -> None:
        if away := self.still_away():
            self.stdout.write(f"{away:,} still with the service: it hands them over when it has heard of it")
