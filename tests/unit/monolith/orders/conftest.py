from collections.abc import Callable
from typing import Any

import pytest

from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.models import Cart, Order
from strangler.saga.models import SagaInstance
from tests.support.payments_away import PaymentsAway
from tests.support.two_sides import TwoSides


@pytest.fixture
def sides(db) -> TwoSides:
    return TwoSides()


@pytest.fixture
def cart(sides) -> Cart:
    """Two units of one SKU, the stock of which the service keeps: 100 units."""
    cart = CartFactory()
    sides.give_away(*skus_of(cart))
    return cart


@pytest.fixture
def pending(cart) -> Order:
    """The service has not heard of it yet."""
    return OrderFactory(cart=cart)


@pytest.fixture
def bank(settings: Any) -> PaymentsAway:
    """Payments are extracted, and the service says nothing but what a test lets it say."""
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"payments": "extracted"}}
    return PaymentsAway()


@pytest.fixture
def again() -> Callable[[Order], Order]:
    """As it is now."""
    return lambda order: Order.objects.get(pk=order.pk)


def skus_of(cart: Cart) -> list[str]:
    return sorted(cart.items.values_list("variant__sku", flat=True))


def saga_of(order: Order) -> SagaInstance:
    return SagaInstance.objects.get(saga="checkout", key=order.number)
