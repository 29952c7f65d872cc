from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from monolith.catalog.events import ProductChanged, ProductPriceChanged, ProductPublished, ProductWithdrawn
from monolith.catalog.models import Category, Price, Product, Variant
from monolith.catalog.selectors import is_on_sale, with_prices
from monolith.errors import NotFound, PriceRefused, ProductUnavailable
from monolith.money import CENT, rounded
from strangler.messaging import Event
from strangler.outbox import publish, publish_many

HIGHEST_PRICE = Decimal("9999999999.99")  # what the column holds


class Offer(NamedTuple):
    """What the events tell about a variant on sale."""

    name: str
    description: str
    category: str
    price: Decimal
    currency: str
    product_name: str
    category_name: str


@transaction.atomic
def change_price(sku: str, new_price: Decimal, *, valid_from: datetime | None = None) -> Price:
    """From `valid_from` (now) on; another price planned for that very moment is replaced.

    The price that is in force then anyway changes and publishes nothing. Raises NotFound, PriceRefused.
    """
    product = _product_of(sku)
    before, new_price, begins = offers(product), _as_price(new_price), _beginning(valid_from)
    variant = Variant.objects.select_related("product").get(sku=sku)
    old = variant.prices.filter(valid_from__lte=begins).first()
    if old and old.amount == new_price:
        return old
    if old is None and valid_from:
        raise PriceRefused(f"{sku} has no price yet, and the first one holds at once: leave valid_from out.")
    price, _ = Price.objects.update_or_create(
        variant=variant,
        valid_from=begins,
        defaults={"amount": new_price, **({"currency": old.currency} if old else {})},
    )
    publish(
        ProductPriceChanged(
            sku=sku,
            name=variant.full_name,
            old_price=old.amount if old else None,
            new_price=new_price,
            currency=price.currency,
            valid_from=begins,
        )
    )
    publish_changes(product, before)
    return price


@transaction.atomic
def withdraw(sku: str) -> None:
    """Withdrawing again is fine. Raises NotFound."""
    product = _product_of(sku)
    before = offers(product)
    Variant.objects.filter(sku=sku).update(active=False)
    publish_changes(product, before)


@transaction.atomic
def put_on_sale(sku: str) -> None:
    """Raises NotFound, ProductUnavailable where the whole product is off sale, PriceRefused without a price."""
    product = _product_of(sku)
    before = offers(product)
    if not product.active:
        raise ProductUnavailable(
            f"{sku} belongs to {product.name!r}, which is off sale: put the product on sale first."
        )
    Variant.objects.filter(sku=sku).update(active=True)
    if sku not in offers(product):
        raise PriceRefused(f"{sku} has no price: set one before it goes on sale.")
    publish_changes(product, before)


def offers(product: Product) -> dict[str, Offer]:
    """What can be bought of it, per SKU. Take it before an edit and give it to `publish_changes` afterwards.

    Locks the product until the transaction ends, so that two edits don't publish each other's changes.
    """
    Product.objects.select_for_update(no_key=True).filter(pk=product.pk).first()
    variants = with_prices(Variant.objects.filter(product=product.pk).select_related("product__category"))
    return {variant.sku: _offer(variant) for variant in variants if is_on_sale(variant)}


def publish_changes(product: Product, before: Mapping[str, Offer]) -> None:
    """After an edit: what is on sale now, what isn't any more, and what is described in other words."""
    after = offers(product)
    events: list[Event] = [
        ProductWithdrawn(sku=sku, name=offer.name) for sku, offer in before.items() if sku not in after
    ]
    for sku, offer in after.items():
        if sku not in before:
            events.append(ProductPublished(sku=sku, **offer._asdict()))
        elif _texts(offer) != _texts(before[sku]):
            events.append(ProductChanged(sku=sku, **_texts(offer)))
    if events:
        publish_many(events)


@transaction.atomic
def rename_category(category: Category, name: str) -> None:
    """What stands in it is described in other words, and locked as by `offers`. The same name publishes nothing."""
    category = Category.objects.select_for_update(no_key=True).get(pk=category.pk)
    if category.name == name:
        return
    Category.objects.filter(pk=category.pk).update(name=name)
    list(Product.objects.select_for_update(no_key=True).filter(category=category.pk).order_by("pk").values_list("pk"))
    variants = with_prices(Variant.objects.filter(product__category=category.pk).select_related("product__category"))
    changed = [ProductChanged(sku=v.sku, **texts_of(v)) for v in variants.order_by("sku") if is_on_sale(v)]
    if changed:
        publish_many(changed)


def _product_of(sku: str) -> Product:
    product = Product.objects.filter(variants__sku=sku).first()
    if product is None:
        raise NotFound(f"There is no product with SKU {sku!r}.")
    return product


def _as_price(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not CENT <= amount <= HIGHEST_PRICE or amount != rounded(amount):
        raise PriceRefused(f"{amount} is no price: between {CENT} and {HIGHEST_PRICE}, in whole cents.")
    return rounded(amount)


def _beginning(valid_from: datetime | None) -> datetime:
    now = timezone.now()
    if valid_from and valid_from < now:
        raise PriceRefused(
            f"A price can't begin in the past ({valid_from:%Y-%m-%d %H:%M} UTC): orders were placed then."
        )
    return valid_from or now


def _offer(variant: Variant) -> Offer:
    return Offer(price=variant.price, currency=variant.currency, **texts_of(variant))


def texts_of(variant: Variant) -> dict[str, str]:
    """What a page says about it, on sale or not. Needs the variant's product and its category."""
    product = variant.product
    return {
        "name": variant.full_name,
        "description": product.description,
        "category": product.category.slug,
        "product_name": product.name,
        "category_name": product.category.name,
    }


def _texts(offer: Offer) -> dict[str, str]:
    said = offer._asdict()
    return {name: said[name] for name in ProductChanged.model_fields if name != "sku"}
