from collections.abc import Iterable, Sequence

from monolith.catalog import telling
from monolith.catalog.models import Product
from strangler.cutover import backfill
from strangler.messaging import Event


@backfill("catalog.products", rows=telling.products, version=1)
def tell(products: Sequence[Product]) -> Iterable[Event]:
    return telling.told_again(products)
