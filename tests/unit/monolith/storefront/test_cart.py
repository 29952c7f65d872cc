import pytest
from django.test import Client

from monolith.catalog.factories import ProductFactory, VariantFactory
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import StockItem
from monolith.orders.factories import CartItemFactory, PromotionFactory
from monolith.orders.models import CartItem
from monolith.orders.services import hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def sku():
    return StockItemFactory(sku=VariantFactory(product=ProductFactory(name="Oak chair", variants=0)).sku).sku


def only_item():
    return CartItem.objects.get()


def test_what_is_added_is_in_the_cart_and_counted_on_every_page(browser, at, sku):
    answer = browser.post(at("add-to-cart"), {"sku": sku, "quantity": 2}, follow=True)
    assert answer.redirect_chain == [(at("cart"), 302)]
    assert "Oak chair" in answer.text
    assert "€39.80" in answer.text
    assert '<span class="hidden">with </span>2' in browser.get(at("catalogue")).text


@pytest.mark.parametrize("quantity", ["0", "-1", "many", "", "1000", "1e9"])
def test_a_quantity_that_is_none_is_refused_with_a_message(browser, at, sku, messages_in, quantity):
    answer = browser.post(at("add-to-cart"), {"sku": sku, "quantity": quantity}, follow=True)
    assert len(messages_in(answer)) == 1
    assert not CartItem.objects.exists()


def test_adding_what_is_not_on_sale_is_a_page_that_says_so(browser, at):
    assert browser.post(at("add-to-cart"), {"sku": "NOPE", "quantity": 1}).status_code == 404


def test_quantities_can_be_changed_and_lines_removed(browser, at, cart):
    line = only_item()
    browser.post(at("change-quantity"), {"sku": line.variant.sku, "quantity": 5})
    assert only_item().quantity == 5
    browser.post(at("remove-from-cart"), {"sku": line.variant.sku})
    assert "Your cart is empty" in browser.get(at("cart")).text


def test_a_promotion_code_makes_the_cart_cheaper_until_it_is_removed(browser, at, cart):
    PromotionFactory(code="SAVE10")
    answer = browser.post(at("apply-promotion"), {"code": " save10 "}, follow=True)
    assert "\u2212€3.98" in answer.text
    assert "€35.82" in answer.text
    assert "\u2212€3.98" not in browser.post(at("remove-promotion"), follow=True).text


def test_an_unknown_promotion_code_is_refused_with_a_message(browser, at, cart, messages_in):
    answer = browser.post(at("apply-promotion"), {"code": "GREED"}, follow=True)
    assert "GREED" in messages_in(answer)[0]


def test_a_line_that_cannot_be_bought_is_marked_and_stops_the_checkout(browser, at, cart):
    StockItem.objects.update(on_hand=1)
    page = browser.get(at("cart")).text
    assert "Only 1 left" in page
    assert at("checkout") not in page


def test_goods_held_for_oneself_count_as_left(browser, at, cart):
    StockItem.objects.update(on_hand=2)
    hold(cart)
    page = browser.get(at("cart")).text
    assert at("checkout") in page


def test_a_variant_taken_off_sale_is_marked(browser, at, cart):
    variant = only_item().variant
    variant.active = False
    variant.save()
    assert "No longer on sale" in browser.get(at("cart")).text


def test_what_a_visitor_chose_waits_until_she_has_logged_in(client, at, sku, ada):
    ada.user.set_password("a long enough secret")
    ada.user.save()
    answer = client.post(at("add-to-cart"), {"sku": sku, "quantity": 3})
    assert answer.url.startswith(at("log-in"))
    who = {"username": ada.email, "password": "a long enough secret", "next": at("cart")}
    answer = client.post(at("log-in"), who, follow=True)
    assert "Oak chair" in answer.text
    assert only_item().quantity == 3


def test_a_visitor_is_sent_to_log_in_and_back_to_the_cart_not_to_the_form(client, at):
    assert client.post(at("change-quantity"), {}).url == f"{at('log-in')}?next={at('cart')}"


def test_forms_without_a_token_are_refused_and_change_nothing(ada, at, cart):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada.user)
    for name in ("add-to-cart", "change-quantity", "remove-from-cart", "apply-promotion", "checkout", "log-out"):
        answer = strict.post(at(name), {"sku": only_item().variant.sku, "quantity": 9})
        assert answer.status_code == 403, name
    assert "Please try again" in answer.text
    assert only_item().quantity == 2


@pytest.mark.parametrize("name", ["add-to-cart", "change-quantity", "remove-from-cart", "apply-promotion", "log-out"])
def test_links_change_nothing(browser, at, name):
    assert browser.get(at(name)).status_code == 405


def test_a_staff_account_is_told_that_it_cannot_buy(client, staff, at):
    client.force_login(staff)
    answer = client.get(at("cart"))
    assert answer.status_code == 403
    assert "not a customer" in answer.text
    assert client.get(at("catalogue")).status_code == 200


def test_a_longer_cart_takes_no_more_queries(browser, at, cart, queries_of):
    few = queries_of(browser, at("cart"))
    for _ in range(4):
        CartItemFactory(cart=cart)
    assert queries_of(browser, at("cart")) == few
