"""The shop does what shops do, and what it tells reaches the service when and as often as a test wants it to."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

import time_machine
from django.utils import timezone

from extracted.reporting import selectors as service
from extracted.reporting import verifying
from extracted.reporting.handlers import GROUP
from monolith.catalog import telling as catalog
from monolith.catalog.factories import VariantFactory
from monolith.customers import telling as customers
from monolith.customers.factories import CustomerFactory
from monolith.customers.models import Customer
from monolith.customers.services import change_customer
from monolith.inventory import telling as inventory
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import StockMovement
from monolith.inventory.services import adjust_stock
from monolith.orders import telling as orders
from monolith.orders.factories import BERLIN
from monolith.orders.models import Order
from monolith.orders.services import add_to_cart, apply_promotion, cancel_order, cart_of, checkout, refund_order
from monolith.payments.selectors import payment_of
from monolith.reporting import selectors as monolith
from monolith.shipping import services as shipping
from monolith.shipping.models import Return
from monolith.shipping.returns import told_again as returns_told_again
from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import Incoming, read
from strangler.inbox.models import InboxMessage, ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Event, encode, seal
from strangler.outbox.models import OutboxMessage

LONG_AGO = (timezone.now() - timedelta(days=500)).replace(hour=22, minute=30)  # late: elsewhere it is the next day
PRICES = {"MUG": ("4.95", "EUR"), "CUP": ("10.01", "EUR"), "PAN": ("33.33", "EUR"), "BOOK": ("7.77", "USD")}
UNITS = 200
BACKFILLS = ("products", "customers", "movements", "orders", "returns")


class Shop:
    """Time stands still between two things that happen, and moves on with each: by a second, or by what `wait` says.

    `pending` are messages on their way to the service. Nothing here is thrown away, so all of it may come late.
    """

    def __init__(self) -> None:
        self._clock = time_machine.travel(LONG_AGO, tick=False)
        self._time = self._clock.start()
        self.variants = [
            VariantFactory(sku=sku, price=Decimal(price), currency=currency)
            for sku, (price, currency) in PRICES.items()
        ]
        for sku in PRICES:
            StockItemFactory(sku=sku, on_hand=UNITS)
        self.customers = CustomerFactory.create_batch(3)
        self.orders: list[Order] = []
        self.pending: list[Incoming] = []
        self.told: list[Incoming] = []
        policy = RetryPolicy(max_attempts=1, backoff=1, backoff_max=1)
        self._known = subscriptions.of_group(GROUP)
        self._handling = GroupHandling(GROUP, self._known, using="default", policy=policy)
        self._carried = 0

    def close(self) -> None:
        self._clock.stop()

    def wait(self, **time: float) -> None:
        self._time.shift(timedelta(**time))

    # --- what happens

    def buy(self, customer: int, quantities: dict[str, int], code: str = "") -> None:
        cart = cart_of(self.customers[customer])
        for sku, quantity in quantities.items():
            add_to_cart(cart, sku, quantity)
        if code:
            apply_promotion(cart, code)
        self.orders.append(checkout(cart, address=BERLIN, card_token="tok_visa"))
        self._carry()

    def cancel(self, order: int) -> None:
        cancel_order(self.orders[order], "changed their mind")
        self._carry()

    def refund(self, order: int, share: Decimal) -> None:
        left = payment_of(self.orders[order].number).refundable
        refund_order(self.orders[order], (left * share).quantize(Decimal("0.01")) or None)
        self._carry()

    def send(self, order: int) -> None:
        for parcel in shipping.ship(self.orders[order]):
            shipping.deliver(shipping.dispatch(parcel, carrier="Paketo", tracking_number="PA1"))
        self._carry()

    def take_back(self, order: int) -> None:
        bought = self.orders[order]
        quantities = {line.sku: 1 for line in bought.lines.all()}
        shipping.receive_return(shipping.request_return(bought, quantities, "broken"))
        self._carry()

    def count_stock(self, sku: str, by: int) -> None:
        adjust_stock(sku, by=by, reason="counted")
        self._carry()

    def rename(self, customer: int, name: str) -> None:
        change_customer(self.customers[customer], name=name, phone="")
        self._carry()

    # --- what the service hears of it

    def backfill(self, what: str) -> None:
        """As the rows are now, beside whatever is still on its way."""
        self._seal(_told_again(what))

    def again(self, places: Iterable[int]) -> None:
        """Messages that were on their way once, and the broker brings once more."""
        self.pending += [self.told[place % len(self.told)] for place in places if self.told]

    def deliver(self, order: Sequence[int], batch: int) -> None:
        """So many of them, in any order, in batches; what was handled may be forgotten by the inbox."""
        chosen = [self.pending[place] for place in order]
        left = set(range(len(self.pending))) - set(order)
        self.pending = [self.pending[place] for place in sorted(left)]
        for start in range(0, len(chosen), batch):
            self._handling.handle(chosen[start : start + batch])
        assert [row.error for row in ParkedMessage.objects.all()] == []

    def forget_what_was_handled(self) -> None:
        InboxMessage.objects.all().delete()

    def catch_up(self) -> None:
        """All of it, in no order: what depends on one fails here."""
        order = list(range(len(self.pending)))
        Random(len(order)).shuffle(order)
        self.deliver(order, batch=7)

    def compare(self) -> None:
        """Every figure of both sides, over short times and long ones."""
        for days in (1, 30, 600):
            same(monolith.sales_by_day(days), service.sales_by_day(days))
            for currency in ("EUR", "USD"):
                same(monolith.top_products(days, 10, currency), service.top_products(days, 10, currency))
        same(monolith.top_products(600, 2), service.top_products(600, 2))
        same(monolith.top_customers(), service.top_customers())
        for months in (1, 24):
            for currency in ("EUR", "USD"):
                same(monolith.cohorts(months, currency), service.cohorts(months, currency))
            same(monolith.stock_turnover(months), service.stock_turnover(months))
        assert verifying.wrong_figures(1) == []

    def _carry(self) -> None:
        """What the relay would carry, and time goes on."""
        rows = OutboxMessage.objects.filter(position__gt=self._carried).order_by("position")
        for row in rows:
            self._carried = row.position
            if row.routing_key in self._known:
                self._send(row.payload)
        self.wait(seconds=1)

    def _seal(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.event_type in self._known:
                self._send(encode(seal(event, source="shop")))
        self.wait(seconds=1)

    def _send(self, payload: str) -> None:
        message = read(Delivery(payload.encode(), redelivered=False, tag=None))
        self.pending.append(message)
        self.told.append(message)


def same(ours: object, theirs: object) -> None:
    assert _plain(ours) == _plain(theirs)


def _plain(answer: object) -> object:
    """Every digit of it. What came over a wire has another class of UTC, of the same moment."""
    return repr(answer).replace("TzInfo(0)", "datetime.timezone.utc")


def _told_again(what: str) -> Iterable[Event]:
    if what == "products":
        return catalog.told_again(catalog.products())
    if what == "customers":
        return customers.told_again(Customer.objects.all())
    if what == "movements":
        return inventory.told_again(StockMovement.objects.select_related("item__warehouse").order_by("pk"))
    if what == "orders":
        return orders.told_again(Order.objects.prefetch_related("lines").order_by("pk"))
    return returns_told_again(Return.objects.select_related("order").prefetch_related("lines__order_line"))
