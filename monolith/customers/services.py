from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from monolith.customers.events import CustomerRegistered
from monolith.customers.models import Address, Customer
from monolith.customers.selectors import PostalAddress
from monolith.errors import EmailTaken
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


def add_address(customer: Customer, address: PostalAddress) -> Address:
    return Address.objects.create(customer=customer, **address._asdict())
