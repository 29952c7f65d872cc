import pytest

from monolith.customers.factories import AddressFactory
from monolith.customers.models import Address, Customer

pytestmark = pytest.mark.django_db

GRACE = {"name": "Grace Hopper", "email": "Grace@Example.com", "password": "a long enough secret"}


def test_who_registers_is_logged_in(client, at):
    answer = client.post(at("register"), GRACE, follow=True)
    assert "Welcome, Grace Hopper" in answer.text
    assert client.get(at("orders")).status_code == 200


def test_an_address_that_is_registered_already_is_said_at_its_field(client, at):
    client.post(at("register"), GRACE)
    client.post(at("log-out"))
    answer = client.post(at("register"), {**GRACE, "email": "grace@example.com"})
    assert "already" in answer.context["form"].errors["email"][0]
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "12345678", "password1"])
def test_a_weak_password_is_refused(client, at, password):
    answer = client.post(at("register"), {**GRACE, "password": password})
    assert answer.context["form"].errors["password"]
    assert not Customer.objects.exists()


def test_the_case_of_an_e_mail_address_does_not_matter_at_log_in(client, at):
    client.post(at("register"), GRACE)
    client.post(at("log-out"))
    answer = client.post(at("log-in"), {"username": "GRACE@example.com", "password": GRACE["password"]})
    assert answer.url == at("catalogue")


def test_a_wrong_password_is_said_without_saying_which_half_is_wrong(client, at):
    answer = client.post(at("log-in"), {"username": "grace@example.com", "password": "wrong"})
    assert "belong together" in answer.text


@pytest.mark.parametrize("page", ["log-in", "register"])
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(client, at, page, elsewhere):
    client.post(at("register"), {**GRACE, "email": "first@example.com"})
    client.post(at("log-out"))
    sent = {**GRACE, "username": "first@example.com", "next": elsewhere}
    assert client.post(f"{at(page)}?next={elsewhere}", sent).url == at("catalogue")


def test_who_had_to_log_in_comes_back_to_where_she_wanted_to_go(client, at):
    wanted = client.get(at("orders")).url
    assert wanted == f"{at('log-in')}?next={at('orders')}"
    assert f"{at('register')}?next={at('orders')}".replace("/", "%2F")[-12:] in client.get(wanted).text
    assert client.post(f"{at('register')}?next={at('orders')}", GRACE).url == at("orders")


def test_logging_out_ends_the_session(browser, at):
    browser.post(at("log-out"))
    assert browser.get(at("account")).status_code == 302


def test_name_and_telephone_can_be_changed(browser, at, ada):
    browser.post(at("account"), {"name": "Ada King", "phone": "+49 30 1"})
    ada.refresh_from_db()
    assert (ada.name, ada.phone) == ("Ada King", "+49 30 1")


def test_addresses_are_added_and_removed(browser, at, ada):
    sent = {"recipient": "Ada", "street": "Ring 1", "postal_code": "1010", "city": "Wien", "country": "AT"}
    browser.post(at("add-address"), sent)
    assert "Austria" in browser.get(at("account")).text
    browser.post(at("remove-address", address_id=Address.objects.get().pk))
    assert not Address.objects.exists()


def test_another_customers_address_cannot_be_removed(browser, at):
    theirs = AddressFactory()
    assert browser.post(at("remove-address", address_id=theirs.pk)).status_code == 404
    assert Address.objects.exists()
