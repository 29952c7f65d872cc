"""Customers in a shop that somebody else runs, until Ctrl-C, and then a verdict: guide 8.

`python -m devstack.tours.inventory.shopping`, beside `devstack.up shop inventory`, with `shop.env` sourced and the
administrator's ADMIN_PASSWORD. They are the customers of the tour, judged as there: what the API has answered them,
both databases and the ledgers must agree. So nobody else may buy meanwhile, or wait for a parcel from before. Exit code
0 only when nothing was lost, doubled or oversold.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable

from rich.console import Console

from devstack import up
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ProcessFailed
from devstack.shop.errors import CannotGoOn
from devstack.shop.finding import show
from devstack.shop.interrupts import set_on_signals
from devstack.tours.asking import queued_in_pgmq, under_way
from devstack.tours.inventory import evidence
from devstack.tours.inventory.customers import Crowd
from devstack.tours.inventory.journal import Journal
from devstack.tours.inventory.onlooker import Onlooker
from devstack.tours.inventory.stack import Stack
from devstack.tours.inventory.verdict import judge

CUSTOMERS, ROUNDS_PER_SECOND = 3, 1.5
GROUPS = (*Stack.SERVICE_GROUPS, *Stack.SHOP_GROUPS)
SUPPLY_EVERY_SECONDS = 10.0
PATIENCE_SECONDS = 90.0
"""For what is under way when the shop closes: as long as an order may wait for its answer."""


def main() -> int:
    console, closing = Console(), set_on_signals()
    try:
        return 0 if Shopping(console, closing).run() else 1
    except (CannotGoOn, ProcessFailed) as error:
        console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        return 1


class Shopping:
    """Raises CannotGoOn, ProcessFailed."""

    def __init__(self, console: Console, closing: threading.Event) -> None:
        address = _variable("ADDRESS", "source .local/up/shop.env")
        password = _variable("ADMIN_PASSWORD", "the one that `manage.py seed` made the staff with")
        self._console, self._closing = console, closing
        self._postgres = EmbeddedPostgres(up.FOLDER / "postgres").attach()
        self._journal = Journal()
        self._crowd = Crowd(
            f"http://{address}",
            self._journal,
            password=password,
            seed=random.SystemRandom().randrange(10_000),
            customers=CUSTOMERS,
            per_second=ROUNDS_PER_SECOND,
        )
        self._onlooker = Onlooker(self._postgres)

    def run(self) -> bool:
        """Whether all of it held."""
        at_first = evidence.before(self._postgres)
        self._crowd.register()
        self._crowd.start()
        self._onlooker.start()
        self._console.print("Customers are in the shop. Ctrl-C sends them home, and asks what came of it.")
        try:
            self._stay()
            self._crowd.stop()
            self._until(self._quiet)
        finally:
            self._onlooker.stop()
            self._crowd.close()
        queued = queued_in_pgmq(self._postgres, GROUPS)
        findings = [self._onlooker.finding(), *judge(evidence.gather(self._postgres, self._journal, at_first, queued))]
        show(findings, self._console)
        return all(finding.holds for finding in findings)

    def _stay(self) -> None:
        supply_at = time.monotonic()
        while not self._closing.wait(0.2):
            self._crowd.check()
            if time.monotonic() >= supply_at:
                self._crowd.supply()
                supply_at = time.monotonic() + SUPPLY_EVERY_SECONDS

    def _quiet(self) -> bool:
        postgres = self._postgres
        return not (
            self._crowd.follow()
            or under_way(postgres)
            or evidence.changes_open(postgres)
            or evidence.leftovers(postgres)
            or queued_in_pgmq(postgres, GROUPS)
        )

    def _until(self, reached: Callable[[], bool]) -> None:
        """What is still under way then, the verdict names."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not reached() and time.monotonic() < until:
            time.sleep(0.2)


def _variable(name: str, way_out: str) -> str:
    if value := os.environ.get(name):
        return value
    raise CannotGoOn(f"the environment variable {name} is not set: {way_out}")


if __name__ == "__main__":
    sys.exit(main())
