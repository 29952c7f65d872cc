import factory
from django.contrib.auth import get_user_model

from monolith.customers.models import Address, Customer


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence(lambda n: f"user{n}@example.com")
    email = factory.SelfAttribute("username")


class CustomerFactory(factory.django.DjangoModelFactory):
    """A customer whose log-in carries the same e-mail address. The password is unusable: authenticate by force."""

    class Meta:
        model = Customer

    email = factory.Sequence(lambda n: f"customer{n}@example.com")
    name = factory.Sequence(lambda n: f"Customer {n}")
    user = factory.SubFactory(UserFactory, username=factory.SelfAttribute("..email"))


class AddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Address

    customer = factory.SubFactory(CustomerFactory)
    recipient = factory.SelfAttribute("customer.name")
    street = "Hauptstr. 1"
    postal_code = "10115"
    city = "Berlin"
    country = "DE"
