from decimal import Decimal

from django.db import transaction

from monolith.catalog.events import ProductPriceChanged
from monolith.catalog.models import Product
from monolith.errors import NotFound
from strangler.outbox import publish


@transaction.atomic
def change_price(sku: str, new_price: Decimal) -> Product:
    """Setting the price it already has publishes nothing. Raises NotFound."""
    product = Product.objects.select_for_update().filter(sku=sku).first()
    if product is None:
        raise NotFound(f"There is no product with sku {sku!r}.")
    old_price = product.price
    if new_price == old_price:
        return product
    product.price = new_price
    product.save(update_fields=["price", "updated_at"])
    publish(
        ProductPriceChanged(
            sku=sku, name=product.name, old_price=old_price, new_price=new_price, currency=product.currency
        )
    )
    return product
