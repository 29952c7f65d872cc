import pytest
from rest_framework.test import APIClient

from monolith.catalog.factories import VariantFactory
from monolith.customers.factories import AddressFactory, CustomerFactory
from monolith.inventory.factories import StockItemFactory
from monolith.orders.factories import CartFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Order
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db

CHECKOUT = "/api/cart/checkout/"


def payment(customer, **changes):
    return {"address_id": AddressFactory(customer=customer).pk, "card_token": "tok_visa", **changes}


def test_a_visitor_registers_fills_a_cart_and_buys(published_types):
    sku = VariantFactory().sku
    StockItemFactory(sku=sku)
    client = APIClient()
    person = {"email": "Ada@example.com", "name": "Ada", "password": "correct horse"}
    token = client.post("/api/customers/register/", person).json()["token"]
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")

    home = {"recipient": "Ada", "street": "1 High St", "postal_code": "N1", "city": "London", "country": "gb"}
    address = client.post("/api/customers/me/addresses/", home).json()
    assert address["country"] == "GB"
    cart = client.post("/api/cart/items/", {"sku": sku, "quantity": 3})
    assert (cart.status_code, cart.json()["total"]) == (201, "59.70")
    cart = client.patch(f"/api/cart/items/{sku}/", {"quantity": 2})
    assert cart.json()["items"][0]["line_total"] == "39.80"

    answer = client.post(CHECKOUT, {"address_id": address["id"], "card_token": "tok_visa"})
    assert answer.status_code == 201
    order = answer.json()
    assert (order["status"], order["subtotal"], order["ship_to"]["city"]) == ("placed", "39.80", "London")
    assert (order["shipping_cost"], order["tax"], order["total"]) == ("24.90", "0.00", "64.70")
    assert client.get("/api/cart/").json()["items"] == []
    assert client.get(f"/api/orders/{order['number']}/").json() == order
    assert published_types()[0] == "customers.customer_registered"

    cancelled = client.post(f"/api/orders/{order['number']}/cancel/", {"reason": "no"}).json()
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "no")


def test_the_cart_tells_what_it_costs_in_a_country(log_in, customer):
    CartFactory(customer=customer)
    cart = log_in(customer.user).get("/api/cart/?country=DE&shipping_method=express").json()
    assert (cart["subtotal"], cart["shipping_cost"], cart["tax"], cart["total"]) == ("39.80", "14.90", "10.39", "65.09")
    cart = log_in(customer.user).get("/api/cart/").json()
    assert (cart["shipping_cost"], cart["tax"], cart["total"]) == (None, None, "39.80")
    refused = log_in(customer.user).get("/api/cart/?country=US&shipping_method=express")
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_ship_there")


def test_a_promotion_code_makes_the_cart_cheaper_until_it_is_taken_off(log_in, customer):
    CartFactory(customer=customer)
    code = PromotionFactory(kind="percent", value=10).code
    client = log_in(customer.user)
    assert client.put("/api/cart/promotion/", {"code": code.lower()}).json()["discount"] == "3.98"
    assert client.delete("/api/cart/promotion/").json()["discount"] == "0.00"
    refused = client.put("/api/cart/promotion/", {"code": "NOPE"})
    assert (refused.status_code, refused.json()["code"]) == (409, "promotion_refused")


@pytest.mark.parametrize(
    ("card_token", "quantity", "refusal"),
    [("tok_declined", 1, (402, "payment_declined")), ("tok_visa", 999, (409, "out_of_stock"))],
)
def test_a_refused_checkout_is_a_problem_and_no_order(log_in, customer, card_token, quantity, refusal):
    cart = CartFactory(customer=customer)
    cart.items.update(quantity=quantity)
    answer = log_in(customer.user).post(CHECKOUT, payment(customer, card_token=card_token))
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert answer["Content-Type"] == "application/problem+json"
    assert not Order.objects.exists()


def test_a_retried_checkout_makes_one_order_and_gives_the_same_answer(log_in, customer):
    CartFactory(customer=customer)
    client, body, key = log_in(customer.user), payment(customer), {"Idempotency-Key": "click-1"}
    first = client.post(CHECKOUT, body, headers=key)
    again = client.post(CHECKOUT, body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.get("Idempotent-Replayed"), again.get("Idempotent-Replayed")) == (None, "true")
    assert Order.objects.count() == 1
    other = client.post(CHECKOUT, {**body, "pay": "on_shipment"}, headers=key)
    assert other.status_code == 422


def test_after_a_declined_card_the_same_key_may_try_again(log_in, customer):
    CartFactory(customer=customer)
    client, body, key = log_in(customer.user), payment(customer), {"Idempotency-Key": "click-1"}
    assert client.post(CHECKOUT, {**body, "card_token": "tok_declined"}, headers=key).status_code == 402
    assert client.post(CHECKOUT, body, headers=key).status_code == 201


def test_a_retried_refund_gives_the_money_back_once(as_role):
    order = OrderFactory()
    client, url = as_role("finance"), f"/api/orders/{order.number}/refund/"
    for _ in range(2):
        assert client.post(url, {"amount": "5.00"}, headers={"Idempotency-Key": "r-1"}).status_code == 200
    assert OutboxMessage.objects.filter(routing_key="payments.payment_refunded").count() == 1


def test_paying_on_shipment_sets_the_amount_aside(log_in, customer, published_types):
    CartFactory(customer=customer)
    assert log_in(customer.user).post(CHECKOUT, payment(customer, pay="on_shipment")).status_code == 201
    assert "payments.payment_authorised" in published_types()
    assert "payments.payment_captured" not in published_types()


def test_nobody_ships_to_another_customers_address(log_in, customer):
    CartFactory(customer=customer)
    body = {"address_id": AddressFactory().pk, "card_token": "tok_visa"}
    assert log_in(customer.user).post(CHECKOUT, body).status_code == 404


def test_a_customer_sees_and_cancels_only_her_own_orders(log_in, customer):
    other = OrderFactory()
    client = log_in(customer.user)
    assert client.get("/api/orders/").json()["results"] == []
    assert client.get(f"/api/orders/{other.number}/").status_code == 404
    assert client.post(f"/api/orders/{other.number}/cancel/").status_code == 404
    other.refresh_from_db()
    assert other.status == "placed"


def test_support_cancels_and_finance_refunds(who_may):
    number = OrderFactory().number
    assert who_may("post", f"/api/orders/{number}/refund/") == {"finance"}
    assert who_may("post", f"/api/orders/{number}/cancel/") == {"support"}


def test_a_refund_is_of_some_of_it_then_of_the_rest_then_of_nothing(as_role):
    url, client = f"/api/orders/{OrderFactory().number}/refund/", as_role("finance")
    too_much = client.post(url, {"amount": "1000.00"})
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert client.post(url, {"amount": "9.80"}).json()["status"] == "placed"
    assert client.post(url).json()["status"] == "refunded"
    again = client.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


def test_orders_are_filtered_and_sorted(log_in, staff):
    small, large = OrderFactory(), OrderFactory(cart=CartFactory(items=3))
    client = log_in(staff)
    client.post(f"/api/orders/{small.number}/cancel/", {})

    def numbers(query):
        return [order["number"] for order in client.get(f"/api/orders/?{query}").json()["results"]]

    assert numbers("status=cancelled") == [small.number]
    assert numbers("ordering=-total") == [large.number, small.number]
    assert numbers("placed_after=2999-01-01T00:00:00Z") == []
    assert len(numbers("placed_after=2001-01-01T00:00:00%2B17:10")) == 2
    assert client.get("/api/orders/?placed_after=0001-01-01T00:00:00%2B01:00").status_code == 400


def test_an_account_without_a_customer_is_told_so(log_in, staff):
    answer = log_in(staff).get("/api/cart/")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_a_customer")


def test_a_longer_list_takes_no_more_queries(log_in, staff, queries_of):
    OrderFactory()
    few = queries_of(log_in(staff), "/api/orders/")
    for _ in range(3):
        OrderFactory(cart=CartFactory(items=2))
    assert queries_of(log_in(staff), "/api/orders/") == few <= 3


def test_a_longer_cart_takes_no_more_queries(log_in, django_assert_num_queries):
    for size in (1, 4):
        cart = CartFactory(items=size)
        with django_assert_num_queries(4):  # customer, cart, items, variants
            assert len(log_in(cart.customer.user).get("/api/cart/").json()["items"]) == size


def test_the_correlation_id_of_the_request_is_on_its_events_and_answered(log_in, customer, published):
    CartFactory(customer=customer)
    answer = log_in(customer.user).post(CHECKOUT, payment(customer), headers={"X-Correlation-ID": "click-1"})
    assert answer["X-Correlation-ID"] == "click-1"
    assert {envelope["correlationid"] for envelope in published()} == {"click-1"}


def test_two_customers_have_two_carts(log_in):
    sku = VariantFactory().sku
    ada, bob = CustomerFactory(), CustomerFactory()
    log_in(ada.user).post("/api/cart/items/", {"sku": sku, "quantity": 1})
    assert log_in(bob.user).get("/api/cart/").json()["items"] == []
    assert log_in(bob.user).delete(f"/api/cart/items/{sku}/").status_code == 200
    assert len(log_in(ada.user).get("/api/cart/").json()["items"]) == 1


@pytest.mark.parametrize("path", ["orders/%00/", "cart/items/%00/"])
def test_nonsense_in_an_address_is_the_callers_error(log_in, customer, path):
    assert log_in(customer.user).delete(f"/api/{path}").status_code in {404, 405}
