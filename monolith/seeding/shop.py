"""What there is to sell, and who buys: read back from the tables, so orders fit whatever somebody changed meanwhile."""

import json
from bisect import bisect
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from monolith.catalog.models import Price, Variant
from monolith.customers.models import Address, Customer
from monolith.inventory.models import StockItem
from monolith.seeding.catalog import CURRENCY, SKU, first_sku
from monolith.seeding.customers import ADDRESS_FIELDS, EMAIL, email_of
from monolith.seeding.history import History, SeedRefused
from monolith.seeding.inventory import warehouses
from monolith.seeding.pools import Entry, Pool, weight


class Place(NamedTuple):
    """Where units of a ware lie."""

    item_id: int
    warehouse: str


class Prices(NamedTuple):
    """In the order in which they began."""

    amounts: list[Decimal]
    valid_from: list[datetime]


@dataclass(slots=True)
class Ware:
    """A variant with all that an order line copies from it; the main warehouse is the first of its places."""

    id: int
    sku: str
    name: str
    tax_class: str
    places: list[Place]
    amounts: list[Decimal]
    valid_from: list[datetime]

    def price(self, at: datetime) -> Decimal:
        return self.amounts[bisect(self.valid_from, at) - 1]


class Destination(NamedTuple):
    country: str
    city: str
    ship_to: str  # JSON, as the order keeps it


@dataclass(slots=True)
class Buyer:
    id: int
    name: str
    email: str
    destinations: list[Destination]


class Shop(NamedTuple):
    wares: Pool[Ware]
    buyers: Pool[Buyer]


def read_shop(products: int, customers: int, history: History) -> Shop:
    """The seeded part of it. Raises SeedRefused where the history begins before there was anything to buy."""
    shop = Shop(wares=Pool(_wares(products, history)), buyers=Pool(_buyers(customers, history)))
    for option, pool in (("--products", shop.wares), ("--customers", shop.buyers)):
        if pool.since is None:
            raise SeedRefused(f"--orders needs something to sell and somebody who buys: give {option} of 1 or more.")
        if pool.since > history.begin:
            raise SeedRefused(
                f"--until {history.until:%Y-%m-%d}: orders would begin on {history.begin:%Y-%m-%d}, and the first of "
                f"the {option.removeprefix('--')} is from {pool.since:%Y-%m-%d}. Choose a later day."
            )
    return shop


# Everything that looks seeded is read and sorted out here: thousands of names in a query cost more than that.
def _wares(products: int, history: History) -> list[Entry[Ware]]:
    variants = Variant.objects.filter(sku__startswith=SKU).order_by("sku")
    rows = list(variants.values_list("product_id", "id", "sku", "name", "product__name", "product__tax_class"))
    first_skus = {first_sku(number) for number in range(1, products + 1)}
    seeded = {product_id for product_id, _, sku, *_ in rows if sku in first_skus}
    prices, places = _prices(), _places()
    return [
        Entry(
            prices[pk].valid_from[0],
            weight(history.dice("demand", sku)),
            Ware(pk, sku, f"{product}, {name}" if name else product, tax_class, places[sku], *prices[pk]),
        )
        for product_id, pk, sku, name, product, tax_class in rows
        if product_id in seeded and pk in prices and sku in places
    ]


def _prices() -> dict[int, Prices]:
    prices = defaultdict(lambda: Prices([], []))
    rows = Price.objects.filter(variant__sku__startswith=SKU, currency=CURRENCY).order_by("variant_id", "valid_from")
    for variant_id, amount, moment in rows.values_list("variant_id", "amount", "valid_from"):
        prices[variant_id].amounts.append(amount)
        prices[variant_id].valid_from.append(moment)
    return prices


def _places() -> dict[str, list[Place]]:
    places = defaultdict(list)
    items = StockItem.objects.filter(sku__startswith=SKU, warehouse__in=warehouses().values())
    for sku, *place in items.order_by("warehouse__priority", "id").values_list("sku", "id", "warehouse__code"):
        places[sku].append(Place(*place))
    return places


def _buyers(customers: int, history: History) -> list[Entry[Buyer]]:
    destinations = defaultdict(list)
    addresses = Address.objects.filter(customer__email__startswith=EMAIL).order_by("-is_default", "id")
    for customer_id, *values in addresses.values_list("customer_id", *ADDRESS_FIELDS):
        address = dict(zip(ADDRESS_FIELDS, values, strict=True))
        where = Destination(address["country"], address["city"], json.dumps(address))
        destinations[customer_id].append(where)
    emails = {email_of(number) for number in range(1, customers + 1)}
    rows = Customer.objects.filter(email__startswith=EMAIL).order_by("email")
    return [
        Entry(since, weight(history.dice("loyalty", email)), Buyer(pk, name, email, destinations[pk]))
        for pk, name, email, since in rows.values_list("id", "name", "email", "created_at")
        if email in emails and pk in destinations
    ]
