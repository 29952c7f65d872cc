"""Data to try the shop with. The same seed gives the same shop; running it again adds only what is missing.

It writes the tables of every context directly, set by set and without events: it stands for the years before the first
event was published. A service that needs this history gets it by backfill.

Everything is made up in memory from dice that know only the seed and the thing they are for (`history.py`), so what
comes out doesn't depend on what else is seeded, nor on how it is cut into batches. Each batch is one transaction after
which every sum is right, and a run that was interrupted can be repeated.
"""

from collections.abc import Callable, Iterator

from django.apps import apps
from django.db import transaction

from monolith.seeding.catalog import add_products
from monolith.seeding.customers import add_customers
from monolith.seeding.history import History, SeedRefused
from monolith.seeding.inventory import add_stock
from monolith.seeding.orders import add_orders
from monolith.seeding.promotions import add_promotions
from monolith.seeding.tables import collect_statistics

__all__ = ["History", "SeedRefused", "add_orders", "analyze", "seed_customers", "seed_products"]

BATCH = 2500
SEEDED = ("catalog", "customers", "inventory", "orders", "payments", "shipping", "notifications", "reporting")

Progress = Callable[[int], object]


def seed_products(count: int, *, stock: int, history: History, progress: Progress) -> int:
    """Products with prices, `stock` units of each variant and the ledger behind them. Returns how many are new."""
    add_promotions(history)
    new = 0
    for numbers in _batches(count):
        with transaction.atomic():
            products = add_products(numbers, history)
            add_stock(products, stock, history)
        new += len(products)
        progress(len(numbers))
    return new


def seed_customers(count: int, *, history: History, progress: Progress) -> int:
    """Customers with an address or two, who can't log in until somebody sets a password. Returns how many are new."""
    new = 0
    for numbers in _batches(count):
        with transaction.atomic():
            new += add_customers(numbers, history)
        progress(len(numbers))
    return new


def analyze() -> None:
    """What was seeded, for the query planner."""
    models = (model for context in SEEDED for model in apps.get_app_config(context).get_models())
    collect_statistics([model._meta.db_table for model in models])


def _batches(count: int) -> Iterator[range]:
    return (range(start, min(start + BATCH, count + 1)) for start in range(1, count + 1, BATCH))
