from collections.abc import Iterable

from django.db.models import Q, QuerySet

from monolith.catalog.models import Product
from monolith.errors import NotFound


def products_on_sale(search: str = "") -> QuerySet[Product]:
    on_sale = Product.objects.filter(active=True)
    if not search:
        return on_sale
    return on_sale.filter(Q(name__icontains=search) | Q(sku__iexact=search) | Q(description__icontains=search))


def product_on_sale(sku: str) -> Product:
    """Raises NotFound."""
    product = Product.objects.filter(active=True, sku=sku).first()
    if product is None:
        raise NotFound(f"There is no product on sale with sku {sku!r}; GET /api/products/ lists them.")
    return product


def products_by_sku(skus: Iterable[str]) -> dict[str, Product]:
    """Those taken off sale too: whoever sells must look at `active`."""
    return {product.sku: product for product in Product.objects.filter(sku__in=list(skus))}
