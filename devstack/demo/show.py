"""The show itself: orders come in, processes are killed, and somebody looks on until everything has arrived."""

import random
import time
from collections.abc import Callable

from devstack.demo.journal import Journal
from devstack.demo.load import Load
from devstack.demo.observer import Observer, Sight
from devstack.demo.outages import Killer
from devstack.demo.screen import Screen
from devstack.demo.stack import Stack
from devstack.demo.verdict import Evidence
from devstack.shop import mailbox

LOOK_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 30.0


class Show:
    """`run()` once. Raises what a shopper met, and ProcessFailed when a process ends that nobody killed."""

    def __init__(
        self, stack: Stack, journal: Journal, load: Load, screen: Screen, observer: Observer, *, seed: int
    ) -> None:
        self._stack = stack
        self._journal = journal
        self._load = load
        self._screen = screen
        self._observer = observer
        dice = random.Random(f"{seed} kills")  # noqa: S311
        self.killer = Killer(stack.relay, stack.consumer, dice, screen.tell)

    def run(self, first_orders: int) -> Evidence:
        self._load.start()
        try:
            self._look_until(lambda _: self._journal.orders >= first_orders, "orders come in over the API")
            self.killer.begin()
            self._look_until(self._killed_enough, "orders go on, processes are killed")
        finally:
            self._load.stop()
        self._look_until(_Arrival(), "no more orders: the last events arrive")
        return self._evidence()

    def _killed_enough(self, sight: Sight) -> bool:
        self.killer.step(sight)
        return self.killer.finished or self.killer.stuck

    def _look_until(self, enough: Callable[[Sight], bool], phase: str) -> None:
        while True:
            self._stack.check()
            self._load.check()
            sight = self._observer.look()
            self._screen.show(phase, sight)
            if enough(sight):
                return
            time.sleep(LOOK_EVERY_SECONDS)

    def _evidence(self) -> Evidence:
        folder = self._stack.workspace.mail
        sent_by_service, sent_by_shop = mailbox.delivered(folder / "notifications"), mailbox.delivered(folder / "shop")
        return Evidence(self._journal, self._observer.look(), sent_by_service, sent_by_shop.total())


class _Arrival:
    """True when everything has arrived, or when nothing has moved for so long that it never will."""

    def __init__(self) -> None:
        self._progress: tuple[int, int, int] | None = None
        self._since = time.monotonic()

    def __call__(self, sight: Sight) -> bool:
        if sight.progress != self._progress:
            self._progress, self._since = sight.progress, time.monotonic()
        return sight.settled or time.monotonic() - self._since > PATIENCE_SECONDS
