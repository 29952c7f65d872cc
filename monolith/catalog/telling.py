"""Variants, told again to whoever was not there when they went on sale."""

from collections.abc import Iterator, Sequence

from monolith.catalog.events import ProductChanged, ProductPublished, ProductWithdrawn
from monolith.catalog.models import Variant
from monolith.catalog.selectors import is_on_sale
from monolith.catalog.services import texts_of
from strangler.messaging import Event


def told_again(variants: Sequence[Variant]) -> Iterator[Event]:
    """As they are now. They come with their product, its category and their price.

    Of what is off sale the words are told first, because the withdrawal says no more than that it is gone.
    """
    for variant in variants:
        texts = texts_of(variant)
        if is_on_sale(variant):
            yield ProductPublished(sku=variant.sku, price=variant.price, currency=variant.currency, **texts)
        else:
            yield ProductChanged(sku=variant.sku, **texts)
            yield ProductWithdrawn(sku=variant.sku, name=texts["name"])
