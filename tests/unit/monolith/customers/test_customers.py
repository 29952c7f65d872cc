import pytest

from monolith.customers.factories import CustomerFactory, UserFactory
from monolith.customers.models import Customer
from monolith.customers.selectors import customer_of
from monolith.customers.services import change_customer, register
from monolith.errors import EmailTaken, NotACustomer

pytestmark = pytest.mark.django_db


def test_whoever_registers_is_told_of():
    ada = register(email="Ada@example.com", name="Ada", password="correct horse")
    assert (ada.user.username, ada.email) == ("ada@example.com", "Ada@example.com")
    assert ada.user.check_password("correct horse")


def test_a_registration_is_published(published):
    ada = register(email="ada@example.com", name="Ada", password="correct horse")
    [told] = published("customers.customer_registered")
    assert told["data"] == {"customer_id": ada.pk, "email": "ada@example.com", "name": "Ada"}


def test_an_address_in_other_letters_is_the_same_address(published):
    register(email="ada@example.com", name="Ada", password="correct horse")
    with pytest.raises(EmailTaken, match=r"ADA@example\.com"):
        register(email="ADA@example.com", name="Imposter", password="battery staple")
    assert Customer.objects.count() == len(published()) == 1


def test_a_changed_customer_is_told_in_full(published):
    ada = CustomerFactory(name="Ada", email="ada@example.com")
    change_customer(ada, name="Ada King", phone="+49 30 1")
    change_customer(ada, name="Ada King", phone="+49 30 1")
    [told] = published()
    assert told["data"] == {"customer_id": ada.pk, "email": "ada@example.com", "name": "Ada King", "phone": "+49 30 1"}
    ada.refresh_from_db()
    assert (ada.name, ada.phone) == ("Ada King", "+49 30 1")


def test_changing_a_customer_leaves_the_figures_alone():
    ada = CustomerFactory(name="Ada")
    Customer.objects.update(order_count=3)  # another process, meanwhile
    change_customer(ada, name="Ada King", phone="")
    assert Customer.objects.get().order_count == 3


def test_a_log_in_without_a_customer_is_told_how_to_get_one():
    assert customer_of(CustomerFactory().user).name
    with pytest.raises(NotACustomer, match="register"):
        customer_of(UserFactory(is_staff=True))
