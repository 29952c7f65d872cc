from typing import Any, NamedTuple

from django.db.models import QuerySet

from monolith.customers.models import Address, Customer
from monolith.errors import NotACustomer, NotFound


class PostalAddress(NamedTuple):
    """An address as other contexts get it: plain data, a copy that later changes don't touch."""

    recipient: str
    street: str
    postal_code: str
    city: str
    country: str


def customer_of(user: Any) -> Customer:
    """The customer behind a log-in. Raises NotACustomer, for a staff account for example."""
    customer = Customer.objects.filter(user_id=user.pk).first()
    if customer is None:
        raise NotACustomer("This account has no customer; register one at /api/customers/register/.")
    return customer


def addresses_of(customer: Customer) -> QuerySet[Address]:
    return Address.objects.filter(customer=customer)


def default_address(customer: Customer) -> Address | None:
    """The one a checkout offers first: where none is marked, the oldest."""
    return addresses_of(customer).order_by("-is_default", "pk").first()


def postal_address(customer: Customer, address_id: int) -> PostalAddress:
    """Only the customer's own addresses. Raises NotFound."""
    address = addresses_of(customer).filter(pk=address_id).first()
    if address is None:
        raise NotFound(f"You have no address {address_id}; GET /api/customers/me/addresses/ lists yours.")
    return PostalAddress(*(getattr(address, field) for field in PostalAddress._fields))
