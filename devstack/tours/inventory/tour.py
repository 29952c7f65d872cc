"""The stock of a shop changes hands while customers buy, forwards, back and forwards again, in three minutes.

Ends with a verdict: exit code 0 only when nothing was lost, doubled or oversold.
"""

from collections.abc import Callable
from functools import partial

from rich.console import Console

from devstack.processes import ProcessFailed
from devstack.shop.finding import Finding
from devstack.shop.programs import Program, wait_until_healthy
from devstack.shop.steps import Steps
from devstack.tours import journey
from devstack.tours.inventory import evidence
from devstack.tours.inventory.customers import Crowd, taken_at
from devstack.tours.inventory.journal import Journal
from devstack.tours.inventory.onlooker import Onlooker
from devstack.tours.inventory.stack import Stack
from devstack.tours.inventory.verdict import judge
from devstack.tours.journey import Journey

GRACE = ("--grace", "1")
"""Seconds that an event may take here; parity looks again after this and longer."""
ORDERS = 25
"""To be answered in each stage, at least."""
WAITING = 4
"""Checkouts that are under way when a process of theirs is killed, at least."""
GATES_SHOWN = ("backfill", "parity", "shadow", "settled")
TIMES = 10
UNDER_WAY = "SELECT count(*) FROM strangler_saga WHERE status NOT IN ('completed', 'compensated')"
OPEN = "SELECT count(*) FROM inventory_change WHERE status NOT IN ('done', 'rejected')"
TOLD_TO_THE_GROUP = "SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL AND routing_key LIKE '%.backfill.%'"


def play(console: Console, folder: str, seed: int, *, broker: str = "pgmq", brief: bool = False) -> bool:
    """Whether all that the tour claims held. `brief`: there and back once. Raises CannotGoOn, ProcessFailed."""

    def run(stack: Stack, steps: Steps) -> list[Finding]:
        stack.start(steps)
        return Tour(stack, console, seed).run(brief=brief)

    went = "left the monolith and come back" if brief else "left the monolith, come back, and left again"
    good_end = f"Inventory has {went}: nothing lost, nothing doubled, never oversold."
    return journey.play(console, folder, seed, make_stack=partial(Stack, broker=broker), run=run, good_end=good_end)


class Tour(Journey):
    CONTEXT = "inventory"

    def __init__(self, stack: Stack, console: Console, seed: int) -> None:
        super().__init__(stack, console)
        self._stack: Stack = stack
        self._journal = Journal()
        self._crowd = Crowd(stack.shop.url, self._journal, password=stack.password, seed=seed)
        self._onlooker = Onlooker(stack.postgres)

    def run(self, *, brief: bool) -> list[Finding]:
        at_first = evidence.before(self._stack.postgres)
        with self._steps.step("customers register, and go on buying until the end, all of them the same few goods"):
            self._crowd.register()
            self._crowd.start()
        self._onlooker.start()
        try:
            self._go_through(self._brief_chapters() if brief else self._chapters())
        except ProcessFailed as error:
            raise ProcessFailed("\n".join([str(error), *self._onlooker.faults])) from error
        finally:
            self._onlooker.stop()
            self._crowd.close()
        self._claim(
            f"{self._onlooker.looks:,} looks at {self._onlooker.figures:,} levels all the while, as SKUs changed hands "
            f"{self._onlooker.moves} times: reserved never more than there is, never two owners of a SKU",
            self._onlooker.faults,
        )
        found = evidence.gather(self._stack.postgres, self._journal, at_first, self._stack.queued())
        return [*self._findings, *judge(found)]

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

    def _chapters(self) -> list[Callable[[], object]]:
        return [
            lambda: self._move("emitting", "events flow, nobody depends on them"),
            self._backfill,
            lambda: self._move("shadow", "the service makes each promise too, in its own copy"),
            self._shadow,
            lambda: self._canary(10),
            partial(self._kill, "the service's consumer", self._stack.consumer),
            lambda: self._canary(50),
            partial(self._kill, "the shop's relay", self._stack.shop_relay),
            self._extracted,
            self._kill_in_mid_saga,
            self._back_to_canary,
            self._back_to_the_monolith,
            self._forwards_again,
        ]

    def _brief_chapters(self) -> list[Callable[[], object]]:
        return [
            lambda: self._move("emitting", "events flow, nobody depends on them"),
            self._backfill,
            lambda: self._move("shadow", "the service makes each promise too, in its own copy"),
            lambda: self._canary(50),
            lambda: self._move("extracted", "the service owns all stock; the monolith keeps a copy"),
            partial(self._settle, 100),
            self._kill_in_mid_saga,
            self._back_to_the_monolith,
        ]

    # --- chapters

    def _move(self, stage: str, why: str, *options: str) -> str:
        said = super()._move(stage, why, *options)
        for words in map(str.split, said.splitlines()):
            if words[:1] == ["ok"] and words[1].rstrip(":") in GATES_SHOWN:
                self._say(" ".join(words))
        return said

    def _backfill(self) -> None:
        with self._steps.step("stock and its ledger are told to the service, while they change"):
            self._stack.shop_manage("backfill", "inventory", "--rate", "0")
            self._until(lambda: not self._count("shop", TOLD_TO_THE_GROUP), "all of it to be relayed")
        self._parity("after the backfill")

    def _shadow(self) -> None:
        self._say(self._refused("canary", "--percent", "10") or "(enough comparisons already)")

    def _canary(self, percent: int) -> None:
        self._move("canary", "the service owns the stock of some SKUs", "--percent", str(percent))
        self._settle(percent)
        self._sell(f"customers buy at canary:{percent}")

    def _extracted(self) -> None:
        self._parity("at canary:50")
        self._move("extracted", "the service owns all stock; the monolith keeps a copy")
        self._settle(100)
        self._sell("customers buy; staff supply what is sold out")

    def _kill_in_mid_saga(self) -> None:
        """The service is silent, so that checkouts wait; then those who would go on with them die."""
        stack = self._stack
        dying = {"saga worker": stack.sagas, "its consumer": stack.checkout, "the service's relay": stack.service_relay}
        with self._steps.step(f"kill -9 of {', '.join(dying)} and the shop, in the middle of checkouts"):
            stack.consumer.kill_9()
            self._until(lambda: self._count("shop", UNDER_WAY) >= WAITING, "checkouts to be under way")
            under_way = self._count("shop", UNDER_WAY)
            killed = [*dying.values(), stack.shop]
            for program in killed:
                program.kill_9()
            self._again(*killed, stack.consumer)
            wait_until_healthy(stack.shop)
        self._say(f"{under_way} checkouts were under way")
        self._sell("customers go on")

    def _back_to_canary(self) -> None:
        self._move("canary", "half of the SKUs come back", "--percent", "50")
        self._settle(50)
        self._sell("customers buy at canary:50")

    def _back_to_the_monolith(self) -> None:
        self._move("monolith", "all stock comes back")
        with self._steps.step("kill -9 of the service's consumer, and of who asks for the stock, on the way"):
            self._stack.consumer.kill_9()
            self._stack.settler.kill_9()
            self._again(self._stack.consumer, self._stack.settler)
            self._until(lambda: self._owned_by_the_service() == set(), "all SKUs to be back")
        self._sell("customers buy of the monolith")
        self._parity("back in the monolith")

    def _forwards_again(self) -> None:
        self._move("emitting", "and forwards again")
        self._move("shadow", "as before")
        self._move("canary", "none of the SKUs yet", "--percent", "0")
        self._to_and_fro()
        self._move("canary", "all of them at once", "--percent", "100")
        self._move("extracted", "for good")
        self._settle(100)
        self._sell("customers buy")

    def _to_and_fro(self) -> None:
        before = len(self._journal.orders)
        with self._steps.step(f"{TIMES} times all SKUs go to the service and come back, while customers buy"):
            said = self._stack.shop_module("devstack.tours.inventory.to_and_fro", str(TIMES))
        self._say(f"{said.strip().splitlines()[-1]}; {len(self._journal.orders) - before} orders meanwhile")

    # --- what they are made of

    def _kill(self, who: str, program: Program) -> None:
        with self._steps.step(f"kill -9 of {who}, while customers buy"):
            program.kill_9()
            self._until(lambda: self._count("shop", UNDER_WAY) >= WAITING, "checkouts to wait for it")
            under_way = self._count("shop", UNDER_WAY)
            self._again(program)
            self._until(lambda: self._count("shop", UNDER_WAY) < under_way, "the first of them to be decided")
        self._say(f"{under_way} checkouts waited, until it was back")

    def _again(self, *programs: Program) -> None:
        for program in programs:
            program.start()
        for program in programs:
            program.wait_until_ready()

    def _settle(self, percent: int) -> None:
        """Until `settle_stock --follow` has brought to the service what this share of a canary is."""
        skus = evidence.skus(self._stack.postgres)
        wanted = {sku for sku in skus if taken_at(sku) < percent}
        with self._steps.step("the stock changes hands, SKU by SKU"):
            self._until(lambda: self._owned_by_the_service() == wanted, f"the service to own {len(wanted)} SKUs")
        self._say(f"the service owns {len(wanted)} of {len(skus)} SKUs")

    def _sell(self, what: str) -> None:
        with self._steps.step(f"{what}: {ORDERS} orders"):
            self._crowd.supply()
            before = len(self._journal.orders)
            self._until(lambda: len(self._journal.orders) >= before + ORDERS, f"{ORDERS} orders")
        placed, pending = self._journal.count("placed"), self._journal.count("pending")
        refused = self._journal.refusals.total()
        self._say(f"{len(self._journal.orders)} orders so far, {placed} placed, {pending} pending; {refused} refusals")

    def _parity(self, when: str) -> None:
        with self._steps.step(f"parity of stock, promises and ledger {when}"):
            said, faults = self._finding("parity", "inventory", *GRACE)
        compared = [line.partition(" compared")[0].strip() for line in said.splitlines() if "rows compared" in line]
        self._claim(f"parity {when}: {'; '.join(compared)} on each side, no mismatches", faults)

    def _finding(self, *arguments: str) -> tuple[str, list[str]]:
        try:
            return self._stack.shop_manage(*arguments), []
        except ProcessFailed as found:
            return str(found), str(found).splitlines()

    def _owned_by_the_service(self) -> set[str] | None:
        """None where a baton is on its way: then the two sides do not say the same of each SKU that ever moved."""
        ours, theirs = (evidence.batons(self._stack.postgres, side) for side in evidence.BOTH)
        return {sku for sku, (owner, _) in ours.items() if owner == "service"} if ours == theirs else None

    def _quiet(self) -> bool:
        return not (
            self._crowd.follow()
            or self._count("shop", UNDER_WAY)
            or self._count("shop", OPEN)
            or evidence.leftovers(self._stack.postgres)
            or self._stack.queued()
        )

    def _count(self, database: str, query: str) -> int:
        with self._stack.postgres.connect(database) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _check(self) -> None:
        super()._check()
        self._crowd.check()
