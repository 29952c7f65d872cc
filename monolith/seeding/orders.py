"""Orders, batch by batch in the order of their dates. Each batch is complete and consistent when it is committed."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from django.db import connection, transaction

from monolith.orders.models import ALPHABET, Order, Promotion
from monolith.seeding import papers
from monolith.seeding.checkouts import check_out
from monolith.seeding.emails import write_emails
from monolith.seeding.figures import count_figures
from monolith.seeding.history import History
from monolith.seeding.lives import live
from monolith.seeding.promotions import promotions
from monolith.seeding.sales import Sale
from monolith.seeding.shop import Shop, read_shop
from monolith.seeding.stock_moves import write_stock_moves
from monolith.seeding.tables import known

BATCH = 5000
REDEEM = """
    UPDATE orders_promotion promotion SET redemptions = promotion.redemptions + used.times
    FROM unnest(%s::text[], %s::int[]) used (code, times) WHERE promotion.code = used.code
"""


class Slot(NamedTuple):
    """The place of an order in the history. Its number and its date follow from the seed and its index alone."""

    placed_at: datetime
    number: str
    index: int


def add_orders(
    count: int, *, products: int, customers: int, history: History, progress: Callable[[int], object]
) -> int:
    """Those of the first `count` that aren't there yet. Returns how many. Raises SeedRefused."""
    slots = [_slot(index, history) for index in range(1, count + 1)]
    there = known(Order, "number", [slot.number for slot in slots])
    missing = sorted(slot for slot in slots if slot.number not in there)
    progress(count - len(missing))
    if missing:
        shop = read_shop(products, customers, history)
        for sales in _ahead(_batches(missing, shop, promotions(history), history)):
            _write(sales, history)
            progress(len(sales))
    return len(missing)


def _slot(index: int, history: History) -> Slot:
    digest = blake2b(f"{history.seed} order {index}".encode(), digest_size=16).digest()
    number, share = int.from_bytes(digest[:8]), int.from_bytes(digest[8:]) / 2**64
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in range(12))
    return Slot(history.moment(share), f"S-{letters[:4]}-{letters[4:8]}-{letters[8:]}", index)


def _batches(slots: Sequence[Slot], shop: Shop, codes: Sequence[Promotion], history: History) -> Iterator[list[Sale]]:
    """Without a look at the database: this runs in a thread, which would open a connection of its own."""
    for start in range(0, len(slots), BATCH):
        yield [_sale(slot, shop, codes, history) for slot in slots[start : start + BATCH]]


def _sale(slot: Slot, shop: Shop, codes: Sequence[Promotion], history: History) -> Sale:
    dice = history.dice("order", slot.index)
    sale = check_out(dice, slot.number, slot.placed_at, shop, codes)
    live(dice, sale, history.until)
    return sale


def _ahead(batches: Iterator[list[Sale]]) -> Iterator[list[Sale]]:
    """The next batch is made up in a thread while the server works on this one: half of the time is waiting for it."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = maker.submit(next, batches, None)
            yield batch


@transaction.atomic
def _write(sales: Sequence[Sale], history: History) -> None:
    """Rows are locked in the order of a checkout: promotions, stock, customers, days."""
    _redeem(sales)
    write_stock_moves(sales)
    papers.write_orders(sales)
    papers.write_payments(sales)
    papers.write_parcels(sales, history)
    papers.write_returns(sales)
    write_emails(sales, history)
    count_figures(sales)


def _redeem(sales: Sequence[Sale]) -> None:
    """A cancelled order has not used its code."""
    used = Counter(sale.promotion_code for sale in sales if sale.promotion_code and not sale.cancelled_at)
    with connection.cursor() as cursor:
        cursor.execute(REDEEM, [list(used), list(used.values())])
