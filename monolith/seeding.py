"""Data to try the shop with. The same seed gives the same shop; running it again adds only what is missing.

It writes the tables of several contexts directly, in bulk and without events: it stands for the years before the first
event was published. A service that needs this history gets it by backfill.
"""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from monolith.catalog.models import Product
from monolith.customers.models import Address, Customer
from monolith.inventory.models import StockItem, StockMovement

BATCH = 1000
ADJECTIVES = ("Copper", "Linen", "Oak", "Paper", "Quiet", "Silver", "Small", "Sturdy", "Velvet", "Winter")
THINGS = ("Basket", "Bowl", "Candle", "Chair", "Kettle", "Lamp", "Mug", "Notebook", "Shelf", "Teapot")
FIRST_NAMES = ("Ada", "Barbara", "Edsger", "Grace", "Hedy", "Joan", "Ken", "Leslie", "Margaret", "Tony")
LAST_NAMES = (
    "Clarke",
    "Dijkstra",
    "Hamilton",
    "Hoare",
    "Hopper",
    "Lamport",
    "Lamarr",
    "Liskov",
    "Lovelace",
    "Thompson",
)
CITIES = (("10115", "Berlin"), ("20095", "Hamburg"), ("50667", "Köln"), ("70173", "Stuttgart"), ("80331", "München"))

Progress = Callable[[int], object]


def seed_products(count: int, *, stock: int, seed: int, progress: Progress) -> int:
    """Products with `stock` units each and the ledger entry behind it. Returns how many are new."""
    return sum(_add_products(numbers, stock, seed, progress) for numbers in _batches(count))


def seed_customers(count: int, *, seed: int, progress: Progress) -> int:
    """Customers with one address each, who can't log in until somebody sets a password. Returns how many are new."""
    return sum(_add_customers(numbers, seed, progress) for numbers in _batches(count))


@transaction.atomic
def _add_products(numbers: range, stock: int, seed: int, progress: Progress) -> int:
    products = [_product(number, seed) for number in numbers]
    known = set(Product.objects.filter(sku__in=[p.sku for p in products]).values_list("sku", flat=True))
    new = Product.objects.bulk_create([p for p in products if p.sku not in known])
    _add_stock([p.sku for p in products], stock)
    progress(len(numbers))
    return len(new)


def _add_stock(skus: list[str], stock: int) -> None:
    known = set(StockItem.objects.filter(sku__in=skus).values_list("sku", flat=True))
    new = [sku for sku in skus if sku not in known]
    StockItem.objects.bulk_create([StockItem(sku=sku, on_hand=stock) for sku in new])
    reason = StockMovement.Reason.ADJUSTED
    StockMovement.objects.bulk_create(
        [StockMovement(sku=sku, quantity=stock, reason=reason, reference="seed") for sku in new if stock]
    )


@transaction.atomic
def _add_customers(numbers: range, seed: int, progress: Progress) -> int:
    user_model = get_user_model()
    emails = [f"customer{number:05d}@example.com" for number in numbers]
    known = set(user_model.objects.filter(username__in=emails).values_list("username", flat=True))
    locked = make_password(None)
    users = user_model.objects.bulk_create(
        [user_model(username=email, email=email, password=locked) for email in emails if email not in known]
    )
    customers = Customer.objects.bulk_create([_customer(user, seed) for user in users])
    Address.objects.bulk_create([_address(customer, seed) for customer in customers])
    progress(len(numbers))
    return len(users)


def _product(number: int, seed: int) -> Product:
    dice = random.Random(f"{seed} product {number}")  # noqa: S311
    name = f"{dice.choice(ADJECTIVES)} {dice.choice(THINGS)} {number}"
    price = Decimal(dice.randint(199, 19_999)) / 100
    return Product(sku=f"SKU-{number:05d}", name=name, description=f"{name}, made to last.", price=price)


def _customer(user: object, seed: int) -> Customer:
    dice = random.Random(f"{seed} {user.username}")  # noqa: S311
    return Customer(user=user, email=user.email, name=f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}")


def _address(customer: Customer, seed: int) -> Address:
    dice = random.Random(f"{seed} {customer.email} address")  # noqa: S311
    postal_code, city = dice.choice(CITIES)
    street = f"Hauptstr. {dice.randint(1, 200)}"
    return Address(
        customer=customer, recipient=customer.name, street=street, postal_code=postal_code, city=city, country="DE"
    )


def _batches(count: int) -> Iterator[range]:
    return (range(start, min(start + BATCH, count + 1)) for start in range(1, count + 1, BATCH))
