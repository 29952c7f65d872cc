from collections.abc import Callable

import pytest

from monolith.inventory.models import StockItem, Warehouse
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.models import Order


@pytest.fixture
def new_order(db) -> Callable[..., Order]:
    """Two units of each SKU at 19.90, to Berlin; paid as they are shipped unless told otherwise."""
    return lambda items=1, pay="on_shipment", **more: OrderFactory(cart=CartFactory(items=items), pay=pay, **more)


@pytest.fixture
def two_warehouses(db) -> Callable[[], Order]:
    """An order whose second line lies in WEST."""

    def order() -> Order:
        cart = CartFactory(items=2)
        west = Warehouse.objects.create(code="WEST", name="West", priority=20)
        StockItem.objects.filter(sku=skus_of(cart)[1]).update(warehouse=west)
        return OrderFactory(cart=cart, pay="on_shipment")

    return order


def skus_of(cart) -> list[str]:
    return list(cart.items.order_by("id").values_list("variant__sku", flat=True))
