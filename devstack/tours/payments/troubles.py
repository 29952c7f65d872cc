"""What becomes of a gateway, and of those who work between it and the customers, while these buy."""

from collections.abc import Iterator
from contextlib import contextmanager

from devstack.tours.asking import under_way
from devstack.tours.passage import Passage
from devstack.tours.payments.stack import DEADLINE_SECONDS, TIMEOUT_SECONDS, Stack

WAITING = 4
"""Orders that wait, at least, when something happens to who would go on with them."""
SEEN = 2
"""Of them, that their customers look at while they wait, at least."""
LATE = 2
"""Orders that are refused because the gateway answers too late, at least."""
SLOW_SECONDS = 0.5
TOLD = "SELECT count(*) FROM orders_order WHERE status = 'pending' AND payment_retried_until IS NOT NULL"
PLACED = "SELECT count(*) FROM orders_order WHERE number = ANY(%s) AND status <> 'cancelled'"
LEFT_ALONE = "SELECT failures FROM payments_circuitbreaker WHERE open_until IS NOT NULL"
MAILS = "SELECT count(DISTINCT order_number) FROM notifications_email WHERE template = 'order_awaits_payment'"
IN_VAIN = "SELECT count(*) FROM orders_order WHERE status = 'cancelled' AND cancel_code = 'gateway_unavailable'"
UNDONE = "SELECT count(*) FROM payments_gatewaycall WHERE undoes AND status = 'done'"


class Troubles(Passage):
    _stack: Stack

    def _slow(self) -> None:
        with self._turned(delay=SLOW_SECONDS):
            self._sell(f"the gateway takes {SLOW_SECONDS:g} s for each call; customers buy")

    def _twice(self) -> None:
        with self._turned(twice=True):
            self._sell("the gateway answers twice; customers buy")

    def _away(self) -> None:
        with self._steps.step("kill -9 of the gateway: orders await their payment, and customers are told so"):
            self._stack.bank.kill_9()
            self._until(lambda: self._count("shop", TOLD) >= WAITING, f"{WAITING} customers to be told")
            self._until(lambda: self._count("payments", LEFT_ALONE), "the circuit to open")
            self._until(lambda: len(self._awaiting()) >= SEEN, f"{SEEN} of them to look at their order")
        waiting = self._awaiting()
        failures, told = self._count("payments", LEFT_ALONE), self._count("shop", TOLD)
        self._say(f"{told} orders await payment; after {failures} failures the service leaves the gateway alone")
        with self._steps.step("the gateway is back, and remembers: orders are paid"):
            self._again(self._stack.bank)
            self._until(lambda: not self._count("shop", TOLD), "each of them to be decided")
        self._judge_outage(waiting)

    def _late(self) -> None:
        """It does what it is asked, and says so when nobody listens any more: after each timeout, and the deadline."""
        before, undone = self._count("shop", IN_VAIN), self._count("payments", UNDONE)
        what = f"the gateway answers too late, until orders are refused after {DEADLINE_SECONDS} s"
        with self._turned(answer_after=TIMEOUT_SECONDS + 1), self._steps.step(what):
            self._until(lambda: self._count("shop", IN_VAIN) >= before + LATE, f"{LATE} orders to be refused")
        with self._steps.step("it answers in time again: what it had taken is given back"):
            self._until(lambda: self._count("payments", UNDONE) > undone, "something to be undone")

    def _kill_in_mid_payment(self) -> None:
        """The gateway is slow, so that payments are under way; then those who would go on with them die."""
        stack = self._stack
        dying = {
            "the service's consumer": stack.consumer("payments"),
            "settle_calls": stack.caller,
            "both relays": stack.service_relay,
            "the shop's consumers": stack.consumer("payments-monolith"),
            "the saga worker": stack.sagas,
        }
        killed = [*dying.values(), stack.shop_relay, stack.consumer("checkout")]
        with self._turned(delay=SLOW_SECONDS), self._steps.step(f"kill -9 of {', '.join(dying)}, in the middle"):
            self._until(lambda: under_way(self._stack.postgres) >= WAITING, "payments to be under way")
            waiting = under_way(self._stack.postgres)
            for program in killed:
                program.kill_9()
            self._again(*killed)
        self._say(f"{waiting} payments were under way")
        self._sell("customers go on")

    def _awaiting(self) -> set[str]:
        """Orders of which the API has said that their payment is awaited."""
        with self._journal.written() as journal:
            return {order.number for order in journal.orders.values() if order.awaited_payment}

    @contextmanager
    def _turned(self, **knobs: float | bool) -> Iterator[None]:
        self._stack.gateway.turn(**knobs)
        yield
        self._stack.gateway.turn(**{name: type(value)() for name, value in knobs.items()})

    def _judge_outage(self, waiting: set[str]) -> None:
        with self._stack.postgres.connect("shop") as connection:
            placed = connection.execute(PLACED, [sorted(waiting)]).fetchone()
        mails, paid = self._count("shop", MAILS), int(placed[0]) if placed else 0
        self._claim(
            f"{mails} customers were told by e-mail that the bank does not answer and is tried again, "
            f"{len(waiting)} of them saw it in the API; {paid} of these are placed",
            [] if paid and mails >= WAITING else ["not enough of them"],
        )
