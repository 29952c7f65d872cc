from monolith.money import Amount, Currency
from strangler.messaging import Event


class ProductPriceChanged(Event, type="catalog.product_price_changed", version=1, aggregate="product", key="sku"):
    """A product costs something else from now on; orders already placed keep their price."""

    sku: str
    name: str
    old_price: Amount
    new_price: Amount
    currency: Currency
