from collections.abc import Iterable, Sequence

from monolith.catalog.models import Product
from monolith.catalog.telling import products, told_again
from strangler.cutover import backfill
from strangler.messaging import Event


@backfill("catalog.products", rows=products, version=1)
def tell(products: Sequence[Product]) -> Iterable[Event]:
    return told_again(products)
