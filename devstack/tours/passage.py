"""What tours are made of in which a context changes hands, there and back, while customers buy."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from rich.console import Console

from devstack.processes import ProcessFailed
from devstack.shop.finding import Finding
from devstack.shop.programs import Program
from devstack.shop.steps import Steps
from devstack.tours import journey
from devstack.tours.asking import under_way
from devstack.tours.inventory.customers import Crowd
from devstack.tours.inventory.journal import Journal
from devstack.tours.journey import Journey
from devstack.tours.two_sides import TwoSidesStack
from devstack.tours.watching import Watcher

GRACE = ("--grace", "1")
"""Seconds that an event may take here; parity looks again after this and longer."""
T = TypeVar("T", bound=TwoSidesStack)
GATES_SHOWN = ("backfill", "parity", "shadow", "settled")
TOLD_TO_THE_GROUP = "SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL AND routing_key LIKE '%.backfill.%'"


def play(
    console: Console,
    folder: str,
    *,
    seed: int,
    stack: Callable[..., T],
    broker: str,
    tour: Callable[[T, Console, int], "Passage"],
    brief: bool,
    good_end: str,
) -> bool:
    """Whether all that the tour claims held. `brief`: there and back once. Raises CannotGoOn, ProcessFailed."""

    def run(started: T, steps: Steps) -> list[Finding]:
        started.start(steps)
        return tour(started, console, seed).run(brief=brief)

    return journey.play(console, folder, seed, make_stack=partial(stack, broker=broker), run=run, good_end=good_end)


class Passage(Journey):
    ORDERS: int
    """To be answered in each stage, at least."""

    def __init__(self, stack: TwoSidesStack, console: Console, crowd: Crowd, onlooker: Watcher) -> None:
        super().__init__(stack, console)
        self._two_sides = stack
        self._journal: Journal = crowd.journal
        self._crowd = crowd
        self._onlooker = onlooker

    @abstractmethod
    def run(self, *, brief: bool) -> list[Finding]: ...

    @abstractmethod
    def _on_its_way(self) -> object:
        """Whether something is that only this tour knows of."""

    @abstractmethod
    def _leftovers(self) -> list[str]: ...

    def _buy_meanwhile(self, what: str, chapters: list[Callable[[], object]]) -> None:
        with self._steps.step(what):
            self._crowd.register()
            self._crowd.start()
        self._onlooker.start()
        try:
            self._go_through(chapters)
        except ProcessFailed as error:
            raise ProcessFailed("\n".join([str(error), *self._onlooker.faults])) from error
        finally:
            self._onlooker.stop()
            self._crowd.close()

    def _go_through(self, chapters: list[Callable[[], object]]) -> None:
        try:
            for chapter in chapters:
                chapter()
                self._check()
        finally:
            self._crowd.stop()
        with self._steps.step("no more customers: what is under way comes to its end"):
            self._until(self._quiet, "everything to have been decided and handled")
        self._parity("at the end")

    def _move(self, stage: str, why: str, *options: str, context: str = "") -> str:
        said = super()._move(stage, why, *options, context=context)
        for words in map(str.split, said.splitlines()):
            if words[:1] == ["ok"] and words[1].rstrip(":") in GATES_SHOWN:
                self._say(" ".join(words))
        return said

    def _backfill(self, what: str) -> None:
        with self._steps.step(what):
            self._stack.shop_manage("backfill", self.CONTEXT, "--rate", "0")
            self._until(lambda: not self._count("shop", TOLD_TO_THE_GROUP), "all of it to be relayed")

    def _shadow(self) -> None:
        self._say(self._refused("canary", "--percent", "10") or "(enough comparisons already)")

    def _sell(self, what: str) -> None:
        self._sold(what, since=self._supplied())

    def _supplied(self) -> int:
        """Goods are on the shelves, and so many orders were told of before."""
        self._crowd.supply()
        return len(self._journal.orders)

    def _sold(self, what: str, *, since: int) -> None:
        """Whatever else went on meanwhile."""
        with self._steps.step(f"{what}: {self.ORDERS} orders"):
            self._until(lambda: len(self._journal.orders) >= since + self.ORDERS, f"{self.ORDERS} orders")
        placed, pending = self._journal.count("placed"), self._journal.count("pending")
        refused = self._journal.refusals.total()
        self._say(f"{len(self._journal.orders)} orders so far, {placed} placed, {pending} pending; {refused} refusals")

    def _to_and_fro(self, what: str, times: int) -> None:
        before = len(self._journal.orders)
        with self._steps.step(f"{times} times {what} go to the service and come back, while customers buy"):
            said = self._stack.shop_module("devstack.tours.to_and_fro", self.CONTEXT, str(times))
        self._say(f"{said.strip().splitlines()[-1]}; {len(self._journal.orders) - before} orders meanwhile")

    def _parity(self, when: str) -> None:
        with self._steps.step(f"parity {when}"):
            said, faults = self._finding("parity", self.CONTEXT, *GRACE)
        compared = [line.partition(" compared")[0].strip() for line in said.splitlines() if "rows compared" in line]
        self._claim(f"parity {when}: {'; '.join(compared)} on each side, no mismatches", faults)

    def _finding(self, *arguments: str) -> tuple[str, list[str]]:
        try:
            return self._stack.shop_manage(*arguments), []
        except ProcessFailed as found:
            return str(found), str(found).splitlines()

    def _again(self, *programs: Program) -> None:
        for program in programs:
            program.start()
        for program in programs:
            program.wait_until_ready()

    def _quiet(self) -> bool:
        return not (
            self._crowd.follow()
            or under_way(self._stack.postgres)
            or self._on_its_way()
            or self._leftovers()
            or self._two_sides.queued()
        )

    def _count(self, database: str, query: str) -> int:
        with self._stack.postgres.connect(database) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _check(self) -> None:
        super()._check()
        self._crowd.check()
        if self._onlooker.faults:
            raise ProcessFailed("somebody who looked on has seen what must never be; nothing after it counts")
