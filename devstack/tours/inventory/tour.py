"""The stock of a shop changes hands while customers buy, forwards, back and forwards again, in three minutes.

Ends with a verdict: exit code 0 only when nothing was lost, doubled or oversold.
"""

from collections.abc import Callable
from functools import partial

from rich.console import Console

from devstack.shop.finding import Finding
from devstack.shop.programs import Program, wait_until_healthy
from devstack.tours import passage
from devstack.tours.asking import under_way
from devstack.tours.inventory import evidence
from devstack.tours.inventory.customers import Crowd, taken_at
from devstack.tours.inventory.journal import Journal
from devstack.tours.inventory.onlooker import Onlooker
from devstack.tours.inventory.stack import Stack
from devstack.tours.inventory.verdict import judge
from devstack.tours.onlooker import Onlooker as Reader
from devstack.tours.passage import Passage

WAITING = 4
"""Checkouts that are under way when a process of theirs is killed, at least."""
TIMES = 10
CATALOGUE = "/"
READS = "inventory_reads"
LOOKS = 10
"""At pages while the service is dead, at least."""


def play(console: Console, folder: str, seed: int, *, broker: str = "pgmq", brief: bool = False) -> bool:
    """Whether all that the tour claims held. `brief`: there and back once. Raises CannotGoOn, ProcessFailed."""
    went = "left the monolith and come back" if brief else "left the monolith, come back, and left again"
    good_end = f"Inventory has {went}: nothing lost, nothing doubled, never oversold."
    return passage.play(
        console, folder, seed=seed, stack=Stack, broker=broker, tour=Tour, brief=brief, good_end=good_end
    )


class Tour(Passage):
    CONTEXT = "inventory"
    ORDERS = 25

    def __init__(self, stack: Stack, console: Console, seed: int) -> None:
        crowd = Crowd(stack.shop.url, Journal(), password=stack.password, seed=seed)
        self._looking = Onlooker(stack.postgres)
        super().__init__(stack, console, crowd, self._looking)
        self._stack: Stack = stack
        self._reader = Reader(stack.shop.url, CATALOGUE, per_second=5)

    def run(self, *, brief: bool) -> list[Finding]:
        at_first = evidence.before(self._stack.postgres)
        try:
            self._buy_meanwhile(
                "customers register, and go on buying until the end, all of them the same few goods",
                self._brief_chapters() if brief else self._chapters(),
            )
        finally:
            self._reader.stop()
        found = evidence.gather(self._stack.postgres, self._journal, at_first, self._stack.queued())
        return [*self._findings, self._looking.finding(), *judge(found)]

    def _chapters(self) -> list[Callable[[], object]]:
        return [
            lambda: self._move("emitting", "events flow, nobody depends on them"),
            self._tell,
            lambda: self._move("shadow", "the service makes each promise too, in its own copy"),
            self._shadow,
            lambda: self._canary(10),
            self._reads_set_out,
            partial(self._kill, "the service's consumer", self._stack.consumer("inventory")),
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
            self._tell,
            lambda: self._move("shadow", "the service makes each promise too, in its own copy"),
            lambda: self._canary(50),
            lambda: self._move("extracted", "the service owns all stock; the monolith keeps a copy"),
            partial(self._settle, 100),
            self._kill_in_mid_saga,
            self._back_to_the_monolith,
        ]

    # --- chapters

    def _tell(self) -> None:
        self._backfill("stock and its ledger are told to the service, while they change")
        self._parity("after the backfill")

    def _canary(self, percent: int) -> None:
        self._move("canary", "the service owns the stock of some SKUs", "--percent", str(percent))
        self._settle(percent)
        self._sell(f"customers buy at canary:{percent}")

    def _extracted(self) -> None:
        self._parity("at canary:50")
        self._move("extracted", "the service owns all stock; the monolith keeps a copy")
        self._settle(100)
        before = self._supplied()
        self._reads()
        self._sold("customers have bought; staff supply what is sold out", since=before)

    def _reads_set_out(self) -> None:
        """Pages have stages of their own. They are compared while stock changes hands."""
        self._move("emitting", "pages may ask the service what is left", context=READS)
        self._move("shadow", "it is asked beside the copy, and compared", context=READS)
        self._reader.start()

    def _reads(self) -> None:
        said = self._move("canary", "pages ask the service for half of the SKUs", "--percent", "50", context=READS)
        self._move("extracted", "for all of them", context=READS)
        with self._steps.step("kill -9 of the service's web process: pages show the last known figures"):
            self._stack.service.kill_9()
            looks = self._reader.looks
            self._until(lambda: self._reader.looks >= looks + LOOKS, f"{LOOKS} looks at a page")
            blind = self._reader.looks - looks
            self._again(self._stack.service)
        self._reader.stop()
        compared = next((line.split()[2] for line in said.splitlines() if "comparisons of" in line), "0")
        self._claim(
            f"{self._reader.looks} looks at a page, all answered: its figures went to the service after {compared} had "
            f"agreed in a row, and {blind} looks came while the service was dead",
            self._reader.failures,
        )

    def _kill_in_mid_saga(self) -> None:
        """The service is silent, so that checkouts wait; then those who would go on with them die."""
        stack = self._stack
        dying = {
            "saga worker": stack.sagas,
            "its consumer": stack.consumer("checkout"),
            "the service's relay": stack.service_relay,
        }
        with self._steps.step(f"kill -9 of {', '.join(dying)} and the shop, in the middle of checkouts"):
            stack.consumer("inventory").kill_9()
            self._until(lambda: under_way(self._stack.postgres) >= WAITING, "checkouts to be under way")
            waiting = under_way(self._stack.postgres)
            killed = [*dying.values(), stack.shop]
            for program in killed:
                program.kill_9()
            self._again(*killed, stack.consumer("inventory"))
            wait_until_healthy(stack.shop)
        self._say(f"{waiting} checkouts were under way")
        self._sell("customers go on")

    def _back_to_canary(self) -> None:
        self._move("canary", "half of the SKUs come back", "--percent", "50")
        self._settle(50)
        before = self._supplied()
        self._move("monolith", "and pages look into the shop's own tables", context=READS)
        self._sold("customers buy at canary:50", since=before)

    def _back_to_the_monolith(self) -> None:
        self._move("monolith", "all stock comes back")
        with self._steps.step("kill -9 of the service's consumer, and of who asks for the stock, on the way"):
            self._stack.consumer("inventory").kill_9()
            self._stack.settler.kill_9()
            self._again(self._stack.consumer("inventory"), self._stack.settler)
            self._until(lambda: self._owned_by_the_service() == set(), "all SKUs to be back")
        self._sell("customers buy of the monolith")
        self._parity("back in the monolith")

    def _forwards_again(self) -> None:
        self._move("emitting", "and forwards again")
        self._move("shadow", "as before")
        self._move("canary", "none of the SKUs yet", "--percent", "0")
        self._to_and_fro("all SKUs", TIMES)
        self._move("canary", "all of them at once", "--percent", "100")
        self._move("extracted", "for good")
        self._settle(100)
        self._sell("customers buy")

    # --- what they are made of

    def _kill(self, who: str, program: Program) -> None:
        with self._steps.step(f"kill -9 of {who}, while customers buy"):
            program.kill_9()
            self._until(lambda: under_way(self._stack.postgres) >= WAITING, "checkouts to wait for it")
            waiting = under_way(self._stack.postgres)
            self._again(program)
            self._until(lambda: under_way(self._stack.postgres) < waiting, "the first of them to be decided")
        self._say(f"{waiting} checkouts waited, until it was back")

    def _settle(self, percent: int) -> None:
        """Until `settle_stock --follow` has brought to the service what this share of a canary is."""
        skus = evidence.skus(self._stack.postgres)
        wanted = {sku for sku in skus if taken_at(sku) < percent}
        with self._steps.step("the stock changes hands, SKU by SKU"):
            self._until(lambda: self._owned_by_the_service() == wanted, f"the service to own {len(wanted)} SKUs")
        self._say(f"the service owns {len(wanted)} of {len(skus)} SKUs")

    def _owned_by_the_service(self) -> set[str] | None:
        """None where a baton is on its way: then the two sides do not say the same of each SKU that ever moved."""
        ours, theirs = (evidence.batons(self._stack.postgres, side) for side in evidence.BOTH)
        return {sku for sku, (owner, _) in ours.items() if owner == "service"} if ours == theirs else None

    def _on_its_way(self) -> int:
        return evidence.changes_open(self._stack.postgres)

    def _leftovers(self) -> list[str]:
        return evidence.leftovers(self._stack.postgres)
