from pydantic import BaseModel, ConfigDict

from strangler.messaging import Event


class CustomerRegistered(
    Event, type="customers.customer_registered", version=1, aggregate="customer", key="customer_id"
):
    """Somebody new can buy from now on."""

    customer_id: int
    email: str
    name: str


class CustomerChanged(Event, type="customers.customer_changed", version=1, aggregate="customer", key="customer_id"):
    """Name or telephone number are different now."""

    customer_id: int
    email: str
    name: str
    phone: str


class PostalAddressData(BaseModel):
    model_config = ConfigDict(frozen=True)

    address_id: int
    recipient: str
    street: str
    postal_code: str
    city: str
    country: str
    is_default: bool


class CustomerAddressesChanged(
    Event, type="customers.customer_addresses_changed", version=1, aggregate="customer", key="customer_id"
):
    """An address was added, corrected or removed. All the customer has now are told, so a copy is simply replaced."""

    customer_id: int
    addresses: tuple[PostalAddressData, ...]
