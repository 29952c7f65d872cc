"""Customers, told again to whoever was not there when they registered."""

from collections.abc import Iterator, Sequence

from monolith.customers.events import CustomerRegistered
from monolith.customers.models import Customer


def told_again(customers: Sequence[Customer]) -> Iterator[CustomerRegistered]:
    """As they are called now."""
    for customer in customers:
        yield CustomerRegistered(customer_id=customer.pk, email=customer.email, name=customer.name)
