"""What is on sale, told again to whoever was not there when it began."""

from collections.abc import Iterator, Sequence

from django.db.models import Prefetch, QuerySet

from monolith.catalog.events import ProductChanged, ProductPublished, ProductWithdrawn
from monolith.catalog.models import Product, Variant
from monolith.catalog.selectors import is_on_sale, with_prices
from monolith.catalog.services import texts_of
from strangler.messaging import Event


def products() -> QuerySet[Product]:
    """Products, not variants: it is the product that is locked by whoever tells of a change to one of them."""
    variants = Prefetch("variants", with_prices(Variant.objects.order_by("sku")))
    return Product.objects.defer("search").select_related("category").prefetch_related(variants)


def told_again(products: Sequence[Product]) -> Iterator[Event]:
    """Their variants as they are now.

    Of what is off sale the words are told first, because the withdrawal says no more than that it is gone.
    """
    for variant in (variant for product in products for variant in product.variants.all()):
        texts = texts_of(variant)
        if is_on_sale(variant):
            yield ProductPublished(sku=variant.sku, price=variant.price, currency=variant.currency, **texts)
        else:
            yield ProductChanged(sku=variant.sku, **texts)
            yield ProductWithdrawn(sku=variant.sku, name=texts["name"])
