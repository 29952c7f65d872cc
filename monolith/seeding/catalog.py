"""Categories, products, their variants, and what each has cost since it is sold."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import gcd
from random import Random

from django.utils.text import slugify

from monolith.catalog.models import Category, Price, Product, Variant
from monolith.seeding.goods import COLLECTIONS, PARENTS, PROMISES, SHELVES, WORKSHOPS, Shelf, Thing
from monolith.seeding.history import DAY, History
from monolith.seeding.tables import copy_into, give_ids, known

CURRENCY, SKU = "EUR", "SKU-"
WITHDRAWN_EVERY = 41  # one product in so many is off sale again
REGULAR_SHARE = 0.6  # of the products were there from the beginning

_KINDS = tuple((shelf, thing, material) for shelf in SHELVES for thing in shelf.things for material in shelf.materials)
_NAMES = len(_KINDS) * len(COLLECTIONS)
# By the golden ratio neighbours in the numbering lie far apart on the shelves; with no common divisor none comes twice.
_STEP = next(step for step in range(int(_NAMES * 0.618), _NAMES) if gcd(step, _NAMES) == 1)


@dataclass(slots=True)
class NewProduct:
    number: int
    name: str
    shelf: Shelf
    thing: Thing
    description: str
    since: datetime
    variants: list["NewVariant"]
    id: int = 0


@dataclass(slots=True)
class NewVariant:
    number: int  # of its product
    sku: str
    name: str
    grams: int
    since: datetime
    prices: list[tuple[Decimal, datetime]]
    id: int = 0


def first_sku(number: int) -> str:
    return f"{SKU}{number:05d}"


def add_products(numbers: range, history: History) -> list[NewProduct]:
    """Those of the numbers that aren't there yet. A product is known by the SKU of its first variant."""
    there = known(Variant, "sku", [first_sku(number) for number in numbers])
    new = [_product(number, history) for number in numbers if first_sku(number) not in there]
    if new:
        _write(new, _categories(), history)
    return new


def _product(number: int, history: History) -> NewProduct:
    dice = history.dice("product", number)
    shelf, thing, material, collection = _kind(number, history.seed)
    since = history.between(dice, history.opening, history.begin)
    if number > 1 and dice.random() > REGULAR_SHARE:
        since = history.between(dice, history.begin, history.until - 14 * DAY)
    product = NewProduct(
        number=number,
        name=f"{collection} {material} {thing.name}",
        shelf=shelf,
        thing=thing,
        description=_description(dice, shelf, thing, shelf.materials[material]),
        since=history.opening if number == 1 else since,
        variants=[],
    )
    product.variants = _variants(dice, product, history)
    return product


def _kind(number: int, seed: int) -> tuple[Shelf, Thing, str, str]:
    """Runs through every combination before one is repeated, so that thousands of products have names of their own."""
    kind, collection = divmod((number * _STEP + seed * 7919) % _NAMES, len(COLLECTIONS))
    return *_KINDS[kind], COLLECTIONS[collection]


def _description(dice: Random, shelf: Shelf, thing: Thing, of_what: str) -> str:
    made = f"This {thing.name.lower()} is made by {dice.choice(WORKSHOPS)}."
    return f"{of_what} {dice.choice(shelf.uses)}. {made} {dice.choice(PROMISES)}"


def _variants(dice: Random, product: NewProduct, history: History) -> list[NewVariant]:
    """The first has the plain SKU. Where there is a choice they differ in price as far as they differ in size."""
    thing, sku = product.thing, first_sku(product.number)
    changes = _price_changes(dice, product.since, history)
    base = Decimal(dice.randint(thing.low * 100, thing.high * 100)) / 100
    names = thing.variants or ("",)
    grows = bool(names[0]) and any(letter.isdigit() for letter in "".join(names))
    return [
        NewVariant(
            number=product.number,
            sku=f"{sku}-{slugify(name).upper()}" if place else sku,
            name=name,
            grams=thing.grams * (2 + place) // 2 if grows else thing.grams,
            since=product.since,
            prices=list(_prices(base * (10 + 4 * place) / 10 if grows else base, changes)),
        )
        for place, name in enumerate(names)
    ]


def _price_changes(dice: Random, since: datetime, history: History) -> list[tuple[Decimal, datetime]]:
    """Factors on the first price, and from when on: one to three prices, a month or more apart."""
    changes, moment = [(Decimal(1), since)], since
    for _ in range(dice.choices((0, 1, 2), (50, 35, 15))[0]):
        moment += timedelta(days=dice.randint(30, 330), seconds=dice.randrange(86_400))
        if moment < history.until:
            changes.append((Decimal(dice.randint(85, 122)) / 100, moment))
    return changes


def _prices(base: Decimal, changes: Iterable[tuple[Decimal, datetime]]) -> Iterator[tuple[Decimal, datetime]]:
    """In prices as shops write them; a change that rounding swallows is none."""
    last = Decimal(0)
    for factor, moment in changes:
        amount = base * factor
        amount = int(amount) + Decimal("0.90") if amount >= 10 else int(amount * 20) / Decimal(20) + Decimal("0.05")
        if amount != last:
            yield amount, moment
        last = amount


def _categories() -> dict[str, int]:
    """Their ids by slug; makes what is missing."""
    Category.objects.bulk_create(
        [Category(slug=slug, name=name) for slug, name in PARENTS.items()], ignore_conflicts=True
    )
    parents = {category.slug: category for category in Category.objects.filter(slug__in=PARENTS)}
    leaves = [Category(slug=shelf.slug, name=shelf.name, parent=parents[shelf.parent]) for shelf in SHELVES]
    Category.objects.bulk_create(leaves, ignore_conflicts=True)
    return dict(Category.objects.filter(slug__in=[shelf.slug for shelf in SHELVES]).values_list("slug", "id"))


def _write(new: Sequence[NewProduct], categories: dict[str, int], history: History) -> None:
    variants = [variant for product in new for variant in product.variants]
    give_ids(Product, new)
    give_ids(Variant, variants)
    copy_into(
        Product,
        "id slug name description category tax_class active created_at updated_at",
        (
            (
                *(product.id, f"{slugify(product.name)}-{product.number}", product.name, product.description),
                *(categories[product.shelf.slug], "reduced" if product.shelf.reduced_tax else "standard"),
                *(product.number % WITHDRAWN_EVERY != 0, product.since, product.since),
            )
            for product in new
        ),
    )
    copy_into(
        Variant,
        "id product sku name weight_grams active",
        (
            (variant.id, product.id, variant.sku, variant.name, variant.grams, True)
            for product in new
            for variant in product.variants
        ),
    )
    copy_into(
        Price,
        "variant amount currency valid_from",
        ((variant.id, amount, CURRENCY, moment) for variant in variants for amount, moment in variant.prices),
    )
