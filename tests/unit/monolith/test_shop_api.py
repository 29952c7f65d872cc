import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from monolith.catalog.factories import ProductFactory
from monolith.customers.factories import AddressFactory, CustomerFactory
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import StockItem
from monolith.orders.factories import CartFactory, OrderFactory
from monolith.orders.models import Order

pytestmark = pytest.mark.django_db


def test_a_visitor_registers_fills_a_cart_and_buys(published_types):
    product = ProductFactory()
    StockItemFactory(sku=product.sku)
    client = APIClient()
    person = {"email": "Ada@example.com", "name": "Ada", "password": "correct horse"}
    token = client.post("/api/customers/register/", person).json()["token"]
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")

    home = {"recipient": "Ada", "street": "1 High St", "postal_code": "N1", "city": "London", "country": "gb"}
    address = client.post("/api/customers/me/addresses/", home).json()
    assert address["country"] == "GB"
    cart = client.post("/api/cart/items/", {"sku": product.sku, "quantity": 3})
    assert (cart.status_code, cart.json()["total"]) == (201, "59.70")
    cart = client.patch(f"/api/cart/items/{product.sku}/", {"quantity": 2})
    assert cart.json()["items"][0]["line_total"] == "39.80"

    answer = client.post("/api/cart/checkout/", {"address_id": address["id"], "card_token": "tok_visa"})
    assert answer.status_code == 201
    order = answer.json()
    assert (order["status"], order["total"], order["ship_to"]["city"]) == ("placed", "39.80", "London")
    assert client.get("/api/cart/").json() == {"items": [], "total": "0.00"}
    assert client.get(f"/api/orders/{order['number']}/").json() == order
    assert published_types()[0] == "customers.customer_registered"

    cancelled = client.post(f"/api/orders/{order['number']}/cancel/", {"reason": "no"}).json()
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "no")


def test_the_email_address_logs_in_however_it_is_typed():
    client = APIClient()
    client.post("/api/customers/register/", {"email": "Ada@example.com", "name": "Ada", "password": "correct horse"})
    answer = client.post("/api/customers/token/", {"username": "ADA@example.com", "password": "correct horse"})
    assert answer.status_code == 200


def test_an_address_registers_once():
    person = {"email": "ada@example.com", "name": "Ada", "password": "correct horse"}
    APIClient().post("/api/customers/register/", person)
    again = APIClient().post("/api/customers/register/", {**person, "email": "ADA@example.com"})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("card_token", "quantity", "refusal"),
    [("tok_declined", 1, (402, "payment_declined")), ("tok_visa", 999, (409, "out_of_stock"))],
)
def test_a_refused_checkout_is_a_clean_error(log_in, customer, card_token, quantity, refusal):
    cart = CartFactory(customer=customer)
    cart.items.update(quantity=quantity)
    body = {"address_id": AddressFactory(customer=customer).pk, "card_token": card_token}
    answer = log_in(customer.user).post("/api/cart/checkout/", body)
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert not Order.objects.exists()


def test_nobody_ships_to_another_customers_address(log_in, customer):
    CartFactory(customer=customer)
    body = {"address_id": AddressFactory().pk, "card_token": "tok_visa"}
    assert log_in(customer.user).post("/api/cart/checkout/", body).status_code == 404


def test_a_customer_sees_and_cancels_only_her_own_orders(log_in, customer):
    other = OrderFactory()
    client = log_in(customer.user)
    assert client.get("/api/orders/").json()["count"] == 0
    assert client.get(f"/api/orders/{other.number}/").status_code == 404
    assert client.post(f"/api/orders/{other.number}/cancel/").status_code == 404
    other.refresh_from_db()
    assert other.status == "placed"


def test_only_staff_refunds(log_in, staff):
    order = OrderFactory()
    url = f"/api/orders/{order.number}/refund/"
    assert log_in(order.customer.user).post(url).status_code == 403
    too_much = log_in(staff).post(url, {"amount": "1000.00"})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert log_in(staff).post(url, {"amount": "9.80"}).json()["status"] == "placed"
    assert log_in(staff).post(url).json()["status"] == "refunded"
    again = log_in(staff).post(url)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("path", ["orders", "cart", "stock", "payments", "emails", "customers/me"])
def test_without_a_log_in_only_the_catalogue_is_open(path):
    assert APIClient().get(f"/api/{path}/").status_code == 401
    assert APIClient().get("/api/products/").status_code == 200


@pytest.mark.parametrize("path", ["stock", "payments", "emails"])
def test_the_back_office_is_for_staff(log_in, customer, staff, path):
    assert log_in(customer.user).get(f"/api/{path}/").status_code == 403
    assert log_in(staff).get(f"/api/{path}/").status_code == 200


def test_an_account_without_a_customer_is_told_so(log_in, staff):
    answer = log_in(staff).get("/api/cart/")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_customer")


def test_products_off_sale_are_hidden_and_search_finds_by_name(log_in, customer):
    ProductFactory(sku="GONE", active=False)
    ProductFactory(sku="OAK", name="Oak shelf")
    ProductFactory(sku="MUG", name="Mug")
    client = APIClient()
    assert {row["sku"] for row in client.get("/api/products/").json()["results"]} == {"OAK", "MUG"}
    assert [row["sku"] for row in client.get("/api/products/?search=shelf").json()["results"]] == ["OAK"]
    assert client.get("/api/products/GONE/").status_code == 404
    assert log_in(customer.user).post("/api/cart/items/", {"sku": "GONE", "quantity": 1}).status_code == 404


@pytest.mark.parametrize("path", ["products", "orders", "payments", "emails", "stock"])
def test_a_longer_list_takes_no_more_queries(log_in, staff, path):
    client = log_in(staff)

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            rows = client.get(f"/api/{path}/").json()["count"]
        return rows, len(captured)

    OrderFactory(cart=CartFactory(items=2))
    few, queries_for_few = queries()
    for _ in range(3):
        OrderFactory(cart=CartFactory(items=2))
    many, queries_for_many = queries()
    assert many > few
    assert queries_for_many == queries_for_few <= 3


def test_a_longer_cart_takes_no_more_queries(log_in, django_assert_num_queries):
    for size in (1, 4):
        cart = CartFactory(items=size)
        with django_assert_num_queries(4):  # customer, cart, items, products
            assert len(log_in(cart.customer.user).get("/api/cart/").json()["items"]) == size


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("products/?search=%00", 400),
        ("products/%00/", 404),
        ("products/?page=x", 404),
        ("orders/%00/", 404),
        ("payments/%00/", 404),
        ("stock/%00/", 404),
        ("emails/99999999999999999999/", 404),
    ],
)
def test_nonsense_in_an_address_is_the_callers_error(log_in, staff, path, status):
    assert log_in(staff).get(f"/api/{path}").status_code == status


def test_health_names_the_database():
    assert APIClient().get("/api/health/").json() == {"status": "ok", "database": "ok"}


def test_the_correlation_id_of_the_request_is_on_its_events_and_answered(log_in, customer, published):
    CartFactory(customer=customer)
    body = {"address_id": AddressFactory(customer=customer).pk, "card_token": "tok_visa"}
    answer = log_in(customer.user).post("/api/cart/checkout/", body, headers={"X-Correlation-ID": "click-1"})
    assert answer["X-Correlation-ID"] == "click-1"
    assert {envelope["correlationid"] for envelope in published()} == {"click-1"}


def test_two_customers_have_two_carts(log_in):
    product = ProductFactory()
    ada, bob = CustomerFactory(), CustomerFactory()
    log_in(ada.user).post("/api/cart/items/", {"sku": product.sku, "quantity": 1})
    assert log_in(bob.user).get("/api/cart/").json()["items"] == []
    assert log_in(bob.user).delete(f"/api/cart/items/{product.sku}/").status_code == 200
    assert len(log_in(ada.user).get("/api/cart/").json()["items"]) == 1


def test_staff_reads_stock_by_sku(log_in, staff):
    StockItemFactory(sku="OAK", on_hand=7)
    assert log_in(staff).get("/api/stock/OAK/").json()["on_hand"] == StockItem.objects.get().on_hand == 7
