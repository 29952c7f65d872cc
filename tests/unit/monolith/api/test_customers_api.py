import pytest
from rest_framework.test import APIClient

from monolith.customers.factories import AddressFactory

pytestmark = pytest.mark.django_db

PERSON = {"email": "Ada@example.com", "name": "Ada", "password": "correct horse"}
ADDRESSES = "/api/customers/me/addresses/"


def test_the_email_address_logs_in_however_it_is_typed():
    client = APIClient()
    client.post("/api/customers/register/", PERSON)
    answer = client.post("/api/customers/token/", {"username": "ADA@example.com", "password": "correct horse"})
    assert answer.status_code == 200


def test_an_email_address_registers_once():
    APIClient().post("/api/customers/register/", PERSON)
    again = APIClient().post("/api/customers/register/", {**PERSON, "email": "ADA@example.com"})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


def test_a_bad_registration_names_each_field():
    answer = APIClient().post("/api/customers/register/", {"email": "x", "name": "Ada", "password": "1"})
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {"email", "password"}


@pytest.mark.parametrize("path", ["orders", "cart", "stock", "payments", "emails", "customers/me", "shipments"])
def test_without_a_log_in_only_the_catalogue_is_open(path):
    assert APIClient().get(f"/api/{path}/").status_code == 401


def test_a_customer_changes_her_name_from_the_version_she_saw(log_in, customer, published):
    client, url = log_in(customer.user), "/api/customers/me/"
    etag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert client.patch(url, {"name": "Countess"}).status_code == 428
    assert client.patch(url, {"name": "Countess"}, headers={"If-Match": etag}).json()["name"] == "Countess"
    assert client.patch(url, {"name": "Ada"}, headers={"If-Match": etag}).status_code == 412
    assert [event["data"]["name"] for event in published("customers.customer_changed")] == ["Countess"]


def test_addresses_are_added_corrected_and_removed(log_in, customer, published):
    client = log_in(customer.user)
    home = {"recipient": "Ada", "street": "1 High St", "postal_code": "N1", "city": "London", "country": "gb"}
    added = client.post(ADDRESSES, {**home, "is_default": True}).json()
    url = f"{ADDRESSES}{added['id']}/"
    changed = client.patch(url, {"city": "Leeds"}, headers={"If-Match": client.get(url)["ETag"]})
    assert (changed.json()["city"], changed.json()["is_default"]) == ("Leeds", True)
    assert client.delete(url, headers={"If-Match": changed["ETag"]}).status_code == 204
    told = [[a["city"] for a in event["data"]["addresses"]] for event in published()]
    assert told == [["London"], ["Leeds"], []]


def test_a_second_default_address_takes_the_place_of_the_first(log_in, customer):
    first = AddressFactory(customer=customer, is_default=True)
    home = {"recipient": "Ada", "street": "1 High St", "postal_code": "N1", "city": "London", "country": "GB"}
    assert log_in(customer.user).post(ADDRESSES, {**home, "is_default": True}).status_code == 201
    first.refresh_from_db()
    assert not first.is_default


def test_another_customers_address_is_not_there(log_in, customer):
    url = f"{ADDRESSES}{AddressFactory().pk}/"
    assert log_in(customer.user).get(url).status_code == 404
    assert log_in(customer.user).delete(url, headers={"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize("country", ["Germany", "D1", "", "\x00\x00"])
def test_a_country_is_two_letters(log_in, customer, country):
    home = {"recipient": "Ada", "street": "x", "postal_code": "1", "city": "x", "country": country}
    answer = log_in(customer.user).post(ADDRESSES, home)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "country")


def test_health_names_the_database():
    assert APIClient().get("/api/health/").json() == {"status": "ok", "database": "ok"}
