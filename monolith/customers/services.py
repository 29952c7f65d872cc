from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F

from monolith.customers.events import (
    CustomerAddressesChanged,
    CustomerChanged,
    CustomerRegistered,
    PostalAddressData,
)
from monolith.customers.models import Address, Customer
from monolith.customers.selectors import PostalAddress, addresses_of
from monolith.errors import EmailTaken, NotFound
from strangler.outbox import publish


@transaction.atomic
def register(*, email: str, name: str, password: str) -> Customer:
    """Raises EmailTaken, also when two registrations of one address race: the unique username decides."""
    try:
        with transaction.atomic():
            user = get_user_model().objects.create_user(username=email.lower(), email=email, password=password)
            customer = Customer.objects.create(user=user, email=email, name=name)
    except IntegrityError as clash:
        raise EmailTaken(f"{email} is registered already; log in at /api/customers/token/.") from clash
    publish(CustomerRegistered(customer_id=customer.pk, email=email, name=name))
    return customer


@transaction.atomic
def change_customer(customer: Customer, *, name: str, phone: str) -> Customer:
    """What is the same already publishes nothing."""
    customer = _locked(customer.pk)
    if (customer.name, customer.phone) == (name, phone):
        return customer
    customer.name, customer.phone = name, phone
    customer.save(update_fields=["name", "phone"])
    publish(CustomerChanged(customer_id=customer.pk, email=customer.email, name=name, phone=phone))
    return customer


@transaction.atomic
def add_address(customer: Customer, address: PostalAddress, *, is_default: bool = False) -> Address:
    """The default one takes the place of the default before it."""
    customer = _locked(customer.pk)
    if is_default:
        _unmark_default(customer)
    added = Address.objects.create(customer=customer, is_default=is_default, **address._asdict())
    publish_addresses(customer)
    return added


@transaction.atomic
def change_address(address: Address, new: PostalAddress, *, is_default: bool) -> Address:
    """What is the same already publishes nothing. Raises NotFound for one removed meanwhile."""
    address = _locked_address(address)
    wanted = {**new._asdict(), "is_default": is_default}
    if all(getattr(address, field) == value for field, value in wanted.items()):
        return address
    if is_default:
        _unmark_default(address.customer)
    for field, value in wanted.items():
        setattr(address, field, value)
    address.save()
    publish_addresses(address.customer)
    return address


@transaction.atomic
def remove_address(address: Address) -> None:
    """Orders keep their copy. Raises NotFound for one removed already."""
    address = _locked_address(address)
    address.delete()
    publish_addresses(address.customer)


def publish_addresses(customer: Customer) -> None:
    """All of them as they are now; for whoever edits several at once, as the admin does."""
    addresses = addresses_of(customer).annotate(address_id=F("pk")).values(*PostalAddressData.model_fields)
    publish(CustomerAddressesChanged(customer_id=customer.pk, addresses=tuple(addresses)))


def _locked(customer_id: int) -> Customer:
    """Addresses are changed under their customer's lock: one default at a time, events in the order of the changes."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def _locked_address(address: Address) -> Address:
    customer = _locked(address.customer_id)
    current = addresses_of(customer).filter(pk=address.pk).first()
    if current is None:
        raise NotFound(f"Address {address.pk} does not exist any more; GET /api/customers/me/addresses/ lists yours.")
    current.customer = customer
    return current


def _unmark_default(customer: Customer) -> None:
    Address.objects.filter(customer=customer, is_default=True).update(is_default=False)
