from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monolith.customers.factories import CustomerFactory
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory
from monolith.orders.models import Cart


@pytest.fixture
def at() -> Callable[..., str]:
    """`at("order", number="S-…")`: the path of a page."""
    return lambda name, **kwargs: reverse(f"storefront:{name}", kwargs=kwargs)


@pytest.fixture
def ada(db):
    return CustomerFactory(name="Ada Lovelace")


@pytest.fixture
def browser(ada) -> Client:
    """Ada's browser, logged in. It checks tokens as a real one would have them checked."""
    client = Client()
    client.force_login(ada.user)
    return client


@pytest.fixture
def cart(ada):
    return CartFactory(customer=ada)


@pytest.fixture
def order_of(ada):
    """`order_of(3)`: one more order of Ada's, with three lines. A customer has one cart and fills it again."""

    def place(lines: int = 1):
        cart = Cart.objects.filter(customer=ada).first() or CartFactory(customer=ada, items=0)
        for _ in range(lines):
            CartItemFactory(cart=cart)
        return OrderFactory(cart=cart)

    return place


@pytest.fixture
def order(order_of):
    return order_of(1)


@pytest.fixture
def queries_of() -> Callable[[Client, str], int]:
    def count(client: Client, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code == 200, answer.status_code
        return len(captured)

    return count


@pytest.fixture
def messages_in() -> Callable[[Any], list[str]]:
    return lambda answer: [str(message) for message in answer.context["messages"]]
