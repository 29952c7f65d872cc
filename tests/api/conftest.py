from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from rest_framework.authtoken.models import Token

from monolith.customers.factories import AddressFactory, CustomerFactory, UserFactory
from monolith.inventory.factories import ReservationFactory, TransferFactory
from monolith.notifications.factories import EmailFactory
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory, PromotionFactory
from monolith.shipping.factories import ReturnFactory, ShipmentFactory


class Shop(NamedTuple):
    """A shop in the middle of its day."""

    headers: dict[str, dict[str, str]]
    """How each account logs in. Staff may do everything."""
    names: dict[str, Any]
    """What a path or a body may name, by the word before it."""


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A request begins and ends by closing the connection, and with it the transaction that the test lives in."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def shop(db: None) -> Shop:
    customer, staff = CustomerFactory(), UserFactory(username="staff", is_staff=True, is_superuser=True)
    cart = CartFactory(customer=customer, items=0)

    def order():
        CartItemFactory(cart=cart)
        return OrderFactory(cart=cart)

    fresh, parcel = order(), ShipmentFactory(order=order())
    returned = ReturnFactory(shipment=ShipmentFactory(order=order(), status="delivered"))
    transfer, address = TransferFactory(), AddressFactory(customer=customer)
    variant = CartItemFactory(cart=cart).variant
    names = {
        "addresses": address.pk,
        "address_id": address.pk,
        "card_token": "tok_visa",
        "code": PromotionFactory().code,
        "products": variant.product.slug,
        "category": variant.product.category.slug,
        "variants": variant.sku,
        "items": variant.sku,
        "stock": transfer.source.stock.first().pk,
        "sku": variant.sku,
        "orders": fresh.number,
        "payments": fresh.number,
        "order_number": fresh.number,
        "shipments": parcel.number,
        "returns": returned.number,
        "emails": EmailFactory().pk,
        "transfers": transfer.number,
        "reservations": ReservationFactory().pk,
        "warehouses": transfer.source.code,
        "source": transfer.source.code,
        "destination": transfer.destination.code,
        "warehouse": transfer.source.code,
        "problems": "out_of_stock",
    }
    tokens = {"customer": Token.objects.create(user=customer.user), "staff": Token.objects.create(user=staff)}
    headers = {who: {"Authorization": f"Token {token.key}"} for who, token in tokens.items()}
    return Shop({"visitor": {}, **headers}, names)
