"""Reporting leaves the monolith while the shop sells and somebody watches the dashboards: guide 6, in two minutes.

Ends with a verdict: exit code 0 only when every claim of it holds.
"""

import time
from collections.abc import Callable

from rich.console import Console

from devstack.demo.journal import Journal
from devstack.demo.load import Load
from devstack.processes import ProcessFailed
from devstack.shop.finding import Finding
from devstack.shop.steps import Steps
from devstack.tours import journey
from devstack.tours.journey import Journey
from devstack.tours.onlooker import Onlooker
from devstack.tours.silent import write_off_a_parcel
from devstack.tours.stack import Stack

GRACE = ("--grace", "0.5")
"""Seconds that an event may take here; parity looks again after this and longer."""
DASHBOARD = "/admin/reporting/dashboard/?days=90"
LOOK_SECONDS = 3.0
PENDING = "SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL AND routing_key LIKE '%.backfill.%' LIMIT 1"


def play(console: Console, folder: str, seed: int) -> bool:
    """Whether all that the tour claims held. Raises CannotGoOn, ProcessFailed."""

    def run(stack: Stack, steps: Steps) -> list[Finding]:
        stack.start(steps)
        return Tour(stack, console, seed).run()

    good_end = "Reporting has left the monolith, and nobody noticed."
    return journey.play(console, folder, seed, make_stack=Stack, run=run, good_end=good_end)


class Tour(Journey):
    CONTEXT = "reporting"

    def __init__(self, stack: Stack, console: Console, seed: int) -> None:
        super().__init__(stack, console)
        self._stack: Stack = stack
        self._load = Load(stack.shop.url, Journal(), password=stack.password, seed=seed)
        self._onlooker = Onlooker(stack.shop.url, DASHBOARD, per_second=10)
        self._onlooker.log_in(stack.password)

    def run(self) -> list[Finding]:
        with self._steps.step("customers register, and go on buying until the end"):
            self._load.register()
            self._load.start()
        self._onlooker.start()
        try:
            for chapter in self._chapters():
                chapter()
                self._check()
        finally:
            self._load.stop()
            self._onlooker.stop()
        self._claim(
            f"{self._onlooker.looks:,} looks at the dashboards all the while, none without an answer",
            self._onlooker.failures,
        )
        return self._findings

    def _chapters(self) -> list[Callable[[], None]]:
        return [
            lambda: self._move("emitting", "events flow, nobody depends on them"),
            self._backfill,
            self._parity,
            self._silent_write,
            lambda: self._move("shadow", "the service is asked too, beside each look"),
            self._shadow,
            self._canary,
            self._extracted,
            self._service_dies,
            self._rebuild,
            self._back,
        ]

    # --- chapters

    def _backfill(self) -> None:
        backfill = self._stack.shop_program("backfill", "backfill", "reporting", "--rate", "0", ready="rows")
        with self._steps.step("two years become events of one group; the backfill is killed on the way"):
            backfill.start()
            self._until(lambda: self._told() > 1_000, "1,000 rows to be told")
            backfill.kill_9()
            told = self._told()
        self._claim(
            f"kill -9 of the backfill after {told:,} rows: it was not finished", [] if self._open() else ["it was"]
        )
        started = time.monotonic()
        with self._steps.step("it goes on where it was"):
            self._stack.shop_manage("backfill", "reporting", "--rate", "0")
            self._until(self._caught_up, "the service to have handled everything")
        self._say(
            f"{self._told():,} rows told in all, {time.monotonic() - started:.0f} s for the rest and its handling"
        )

    def _parity(self) -> None:
        with self._steps.step("does the service say what the monolith says?"):
            said = self._stack.shop_manage("parity", "reporting")
        for line in said.splitlines():
            if "compared" in line:
                self._say(line.strip())
        self._alike("after the backfill")

    def _silent_write(self) -> None:
        """Tangle 6: the back office gives money back, and no event says so."""
        self._stack.shop_manage("audit_writes", "--once")  # from now on
        with self._steps.step("a lost parcel is written off: three contexts change, no event tells of it"):
            number = write_off_a_parcel(self._stack)
        with self._steps.step("the audit of the log, and parity, look for it"):
            audit, parity = self._failing("audit_writes", "--once"), self._failing("parity", "reporting", *GRACE)
        self._claim(f"the audit names the silent write to order {number}", _lacks(audit, "orders.Order"))
        self._claim(f"parity names order {number}, and no other", _lacks(parity, number, "1 mismatch (1 different)"))
        with self._steps.step("it is told again, as an event to this one group"):
            self._failing("parity", "reporting", "orders", "--repair", *GRACE)
            self._until(self._caught_up, "the service to have handled it")
            self._stack.shop_manage("parity", "reporting", *GRACE)
        self._alike("after the repair")

    def _shadow(self) -> None:
        self._say(self._refused("canary", "--percent", "10") or "(enough comparisons already)")
        with self._steps.step("twenty comparisons of each figure without a difference"):
            self._until(lambda: not self._refused("canary", "--percent", "10"), "the gates to open")

    def _canary(self) -> None:
        self._move("canary", "by viewer: some see the service's figures", "--percent", "10")
        self._alike("at a canary of a tenth")
        self._move("canary", "half of them", "--percent", "50")
        self._move("canary", "all of them", "--percent", "100")
        self._alike("at a canary of all")

    def _extracted(self) -> None:
        before = self._stack.shop_manage("stage", "--history")
        self._move("extracted", "the service answers")
        self._alike("at extracted")
        self._say(f"{len(before.splitlines())} moves are in the history, each with who, why and the gates' figures")
        self._say(f"a look takes {self._onlooker.median_of(LOOK_SECONDS, self._check):.1f} ms (median)")

    def _service_dies(self) -> None:
        with self._steps.step("kill -9 of the service: the joins answer in its place; then it is back"):
            self._stack.service.kill_9()
            time.sleep(LOOK_SECONDS)
            self._stack.service.start()
            self._stack.service.wait_until_ready()
        self._claim("while the service was dead, the dashboards answered", self._onlooker.failures)

    def _rebuild(self) -> None:
        stack = self._stack
        with self._steps.step("a second read model from zero, beside the one that answers"):
            stack.service_manage("rebuild")
            stack.service_manage("consume", "--declare", env=stack.env.generation(2))
            stack.add(stack.consumer("consumer-2", stack.env.generation(2)))
            stack.shop_manage("backfill", "reporting-2", "--rate", "0")
        with self._steps.step("swap, while people look"):
            said = stack.service_manage("swap")
        self._claim("the second read model answers now", _lacks(said, "generation 2 answers now"))
        self._alike("after the swap")

    def _back(self) -> None:
        with self._steps.step("and the way back: one stage, without a gate"):
            said = self._stack.shop_manage("stage", "reporting", "--back", "--reason", "to see that it works")
        self._say(said.strip().splitlines()[-1] if said.strip() else "")
        self._alike("one stage back")

    # --- what they are made of

    def _alike(self, when: str) -> None:
        with self._steps.step(f"both sides are asked for everything, {when}"):
            try:
                said, faults = self._stack.shop_module("devstack.tours.alike"), []
            except ProcessFailed as difference:
                said, faults = "", [str(difference)]
        self._claim(f"{when}: {said.strip() or 'figures alike'}", faults)

    def _failing(self, *arguments: str) -> str:
        """What a command says that should end with 1, because it finds something."""
        try:
            return f"it found nothing: {self._stack.shop_manage(*arguments)}"
        except ProcessFailed as found:
            return str(found)

    def _told(self) -> int:
        with self._stack.postgres.connect("shop") as connection:
            row = connection.execute("SELECT coalesce(sum(done), 0) FROM strangler_backfill_run").fetchone()
        return int(row[0]) if row else 0

    def _open(self) -> int:
        with self._stack.postgres.connect("shop") as connection:
            row = connection.execute("SELECT count(*) FROM strangler_backfill_run WHERE finished_at IS NULL").fetchone()
        return int(row[0]) if row else 0

    def _caught_up(self) -> bool:
        """Nothing backfilled is in the outbox or in the queue."""
        with self._stack.postgres.connect("shop") as connection:
            if connection.execute(PENDING).fetchone():
                return False
        said = self._refused("shadow")
        return "consumer lag" not in said

    def _check(self) -> None:
        super()._check()
        self._load.check()


def _lacks(said: str, *parts: str) -> list[str]:
    return [f"no {part!r} in: {said}" for part in parts if part not in said]
