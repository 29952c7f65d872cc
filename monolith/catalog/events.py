from datetime import datetime

from monolith.money import Amount, Currency
from strangler.messaging import Event


class ProductPriceChanged(Event, type="catalog.product_price_changed", version=1, aggregate="product", key="sku"):
    """A variant costs something else from `valid_from` on; orders already placed keep their price."""

    sku: str
    name: str
    old_price: Amount | None
    new_price: Amount
    currency: Currency
    valid_from: datetime


class ProductPublished(Event, type="catalog.product_published", version=1, aggregate="product", key="sku"):
    """A variant is on sale from now on, for the first time or again."""

    sku: str
    name: str
    description: str
    category: str
    price: Amount
    currency: Currency
    product_name: str
    category_name: str


class ProductChanged(Event, type="catalog.product_changed", version=1, aggregate="product", key="sku"):
    """What a page says about a variant is different now. Everything is told, not only what changed."""

    sku: str
    name: str
    description: str
    category: str
    product_name: str
    category_name: str


class ProductWithdrawn(Event, type="catalog.product_withdrawn", version=1, aggregate="product", key="sku"):
    """A variant can't be bought any more; what was ordered is still delivered."""

    sku: str
    name: str
