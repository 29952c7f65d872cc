"""Payments leave a shop while customers buy, the gateway fails in every way it can, and they come back and leave again.

Ends with a verdict: exit code 0 only when everybody was charged exactly once, and for nothing that came to nothing.
"""

from collections.abc import Callable

from rich.console import Console

from devstack.shop.finding import Finding
from devstack.tours import passage
from devstack.tours.inventory.customers import Crowd, taken_at
from devstack.tours.inventory.journal import Journal
from devstack.tours.payments import evidence
from devstack.tours.payments.customers import Cashiers
from devstack.tours.payments.onlooker import Onlooker
from devstack.tours.payments.stack import MOST_PAYMENTS, Stack
from devstack.tours.payments.troubles import Troubles
from devstack.tours.payments.verdict import judge

TIMES = 3
REQUESTS = "SELECT count(*) FROM payments_paymentrequest WHERE status NOT IN ('done', 'refused')"
DUE = "SELECT count(*) FROM payments_gatewaycall WHERE status = 'due'"
UNREAD = """
    SELECT (SELECT count(*) FROM strangler_stream_event) - coalesce(sum(handled), 0)
    FROM strangler_projection WHERE name = 'ledger'
"""
FLAGS = "SELECT count(*) FROM payments_paymentflag"


def play(console: Console, folder: str, seed: int, *, broker: str = "pgmq", brief: bool = False) -> bool:
    """Whether all that the tour claims held. `brief`: there and back once. Raises CannotGoOn, ProcessFailed."""
    went = "left the monolith and come back" if brief else "left the monolith, come back, and left again"
    good_end = f"Payments have {went}: charged exactly once, for nothing that came to nothing, and the books balance."
    return passage.play(
        console, folder, seed=seed, stack=Stack, broker=broker, tour=Tour, brief=brief, good_end=good_end
    )


class Tour(Troubles):
    CONTEXT = "payments"
    ORDERS = 20
    FEW_ORDERS = 10
    """In the brief tour."""

    def __init__(self, stack: Stack, console: Console, seed: int) -> None:
        crowd = Crowd(stack.shop.url, Journal(), password=stack.password, seed=seed, staff=Cashiers)
        self._looking = Onlooker(stack.postgres)
        super().__init__(stack, console, crowd, self._looking)
        self._stack: Stack = stack

    def run(self, *, brief: bool) -> list[Finding]:
        self.ORDERS = self.FEW_ORDERS if brief else self.ORDERS
        after = evidence.last_order(self._stack.postgres)
        self._buy_meanwhile(
            "customers register, and go on buying until the end", self._brief_chapters() if brief else self._chapters()
        )
        self._claim(
            f"{self._looking.looks:,} looks at {self._looking.balances:,} balances all the while, as payments changed "
            f"hands {self._looking.moves:,} times: books balanced, never two owners of a payment",
            self._looking.faults,
        )
        found = evidence.gather(
            self._stack.postgres,
            self._journal,
            self._stack.gateway.movements(),
            after=after,
            before_a_rebuild=self._before_a_rebuild(),
            queued=self._stack.queued(),
        )
        return [*self._findings, *judge(found)]

    def _chapters(self) -> list[Callable[[], object]]:
        return [
            self._emitting,
            self._compare,
            lambda: self._canary(10),
            lambda: self._canary(50),
            self._extracted,
            self._slow,
            self._away,
            self._twice,
            self._late,
            self._kill_in_mid_payment,
            self._fraud,
            self._rebuild_under_load,
            self._back_to_canary,
            self._back_to_the_monolith,
            self._forwards_again,
        ]

    def _brief_chapters(self) -> list[Callable[[], object]]:
        return [
            self._emitting,
            self._compare,
            lambda: self._canary(50),
            self._extracted,
            self._away,
            self._late,
            self._kill_in_mid_payment,
            self._back_to_the_monolith,
        ]

    # --- chapters

    def _emitting(self) -> None:
        self._move("emitting", "events flow, nobody depends on them; the service keeps copies, and books")
        self._backfill("payments of the past are told to the service, while others are made")
        self._parity("after the backfill")

    def _compare(self) -> None:
        self._move("shadow", "the service works out each payment too, and what comes of it is compared")
        self._shadow()

    def _canary(self, percent: int) -> None:
        self._move("canary", "the service owns some of the payments", "--percent", str(percent))
        self._settle(percent)
        self._sell(f"customers buy at canary:{percent}")

    def _extracted(self) -> None:
        self._move("extracted", "the service owns all payments; the monolith keeps a copy")
        self._settle(100)
        self._sell("customers buy; staff ship, which takes money, and give some back")

    def _fraud(self) -> None:
        with self._steps.step(f"who pays more than {MOST_PAYMENTS} times within an hour is pointed out"):
            self._until(lambda: self._count("payments", FLAGS), "somebody to be flagged")
        self._say(f"{self._count('payments', FLAGS)} payments are flagged; nobody is held back for it")

    def _rebuild_under_load(self) -> None:
        with self._steps.step("project ledger --rebuild: the books are emptied and made anew, while customers buy"):
            self._stack.service_manage("project", "ledger", "--rebuild")
            self._until(lambda: self._count("payments", UNREAD) == 0, "the ledger to have read everything")
        self._say(f"{len(evidence.postings(self._stack.postgres)):,} postings")

    def _back_to_canary(self) -> None:
        self._move("canary", "half of the payments come back", "--percent", "50")
        self._settle(50)
        self._sell("customers buy at canary:50")

    def _back_to_the_monolith(self) -> None:
        self._move("monolith", "all payments come back")
        with self._steps.step("kill -9 of the service's consumer, and of who asks for the payments, on the way"):
            self._stack.consumer("payments").kill_9()
            self._stack.settler.kill_9()
            self._again(self._stack.consumer("payments"), self._stack.settler)
        self._settle(0)
        self._sell("customers buy of the monolith")

    def _forwards_again(self) -> None:
        self._move("emitting", "and forwards again")
        self._move("shadow", "as before")
        self._move("canary", "none of the payments yet", "--percent", "0")
        self._to_and_fro("all payments", TIMES)
        self._move("canary", "all of them at once", "--percent", "100")
        self._move("extracted", "for good")
        self._settle(100)
        self._sell("customers buy")

    # --- what they are made of

    def _settle(self, percent: int) -> None:
        """Until `settle_payments --follow` has brought to the service what this share of a canary is.

        Of the payments that there are at first: others are being made all the while.
        """
        wanted = {
            number: "service" if taken_at(number) < percent else "monolith"
            for number in evidence.owners(self._stack.postgres)
        }
        with self._steps.step("payments change hands"):
            self._until(lambda: self._have(wanted), f"{percent} % of the payments to be the service's")
        theirs = sum(owner == "service" for owner in wanted.values())
        self._say(f"the service owns {theirs} of {len(wanted)} payments, and others that are made meanwhile")

    def _have(self, wanted: dict[str, str]) -> bool:
        owners = evidence.owners(self._stack.postgres)
        return all(owners[number] == owner for number, owner in wanted.items())

    def _before_a_rebuild(self) -> frozenset[evidence.Posting]:
        """The postings of a ledger that is then made anew."""
        with self._steps.step("project ledger --rebuild: the books are emptied, and made anew from the first event on"):
            before = evidence.postings(self._stack.postgres)
            self._stack.service_manage("project", "ledger", "--rebuild")
            self._until(lambda: self._count("payments", UNREAD) == 0, "the ledger to have read everything")
        return before

    def _on_its_way(self) -> int:
        return self._count("shop", REQUESTS) + self._count("payments", DUE) + self._count("payments", UNREAD)

    def _leftovers(self) -> list[str]:
        return evidence.leftovers(self._stack.postgres)
