import re
from decimal import Decimal

import pytest

from monolith.customers.factories import AddressFactory
from monolith.customers.models import Address
from monolith.inventory.models import Reservation, StockItem
from monolith.orders.factories import CartItemFactory, PromotionFactory
from monolith.orders.models import Cart, Order
from monolith.payments.models import Payment

pytestmark = pytest.mark.django_db

VIENNA = {
    "address": "new",
    "new-recipient": "Ada Lovelace",
    "new-street": "Ring 1",
    "new-postal_code": "1010",
    "new-city": "Wien",
    "new-country": "AT",
}


@pytest.fixture
def address(ada):
    return AddressFactory(customer=ada)


@pytest.fixture
def buy(browser, at):
    """Fills the form in as a person does who sees the page first, and sends it."""

    def buy(page=None, **wishes):
        form = filled_in(page or browser.get(at("checkout")), **wishes)
        return browser.post(at("checkout"), {**form, "place": "1"})

    return buy


def filled_in(page, **wishes):
    hidden = dict(re.findall(r'<input type="hidden" name="(key|seen_total|address)" value="([^"]*)"', page.text))
    chosen = dict(re.findall(r'type="radio" name="(address)" value="([^"]*)"[^>]*checked', page.text))
    return {**hidden, **chosen, "shipping_method": "standard", "pay": "now", "card_token": "tok_visa", **wishes}


def test_opening_the_checkout_holds_the_goods_and_says_for_how_long(browser, at, cart):
    page = browser.get(at("checkout"))
    assert Reservation.objects.get().expires_at == page.context["held"].until
    assert "15 minutes" in page.text


def test_the_page_shows_subtotal_shipping_tax_and_total_of_the_first_address(browser, at, cart, address):
    summary = browser.get(at("checkout")).context["choice"].summary
    assert (summary.subtotal, summary.shipping_cost) == (Decimal("39.80"), Decimal("4.90"))
    assert (summary.tax, summary.total) == (Decimal("8.49"), Decimal("53.19"))


def test_an_order_is_placed_and_its_page_shown(browser, at, cart, address, buy):
    answer = buy()
    order = Order.objects.get()
    assert answer.url == at("order", number=order.number)
    assert order.ship_to["city"] == "Berlin"
    page = browser.get(answer.url).text
    assert "Thank you" in page
    assert "€53.19" in page


def test_sending_the_same_form_twice_makes_one_order(browser, at, cart, address, buy):
    page = browser.get(at("checkout"))
    assert buy(page).url == buy(page).url
    assert Order.objects.count() == 1
    assert Payment.objects.get().captured == Decimal("53.19")


def test_a_form_used_up_by_another_order_says_where_that_one_is(browser, at, cart, address, buy):
    page = browser.get(at("checkout"))
    buy(page)
    CartItemFactory(cart=cart)
    assert buy(page, pay="on_shipment").url == at("cart")
    assert "placed already, with other details" in browser.get(at("cart")).text
    assert Order.objects.count() == 1


def test_a_declined_card_is_said_and_the_same_form_works_with_another_one(browser, at, cart, address, buy):
    page = browser.get(at("checkout"))
    answer = buy(page, card_token="tok_declined")
    assert "the bank declined it" in answer.text
    assert Reservation.objects.filter(status="active").exists()
    assert filled_in(answer)["key"] == filled_in(page)["key"]
    assert buy(answer).status_code == 302


def test_a_new_address_is_used_and_remembered_where_wanted(browser, at, cart, buy):
    page = browser.post(at("checkout"), {**filled_in(browser.get(at("checkout"))), **VIENNA, "update": "1"})
    assert page.context["choice"].summary.tax == Decimal("9.94")  # 20 % of 39.80 and of 9.90
    answer = buy(page, **VIENNA, keep_address="on")
    assert answer.status_code == 302, answer.text
    assert Order.objects.get().ship_to["city"] == "Wien"
    assert Address.objects.get().city == "Wien"


def test_an_address_that_is_not_to_be_remembered_is_not(browser, at, cart, buy):
    page = browser.post(at("checkout"), {**filled_in(browser.get(at("checkout"))), **VIENNA, "update": "1"})
    buy(page, **VIENNA)
    assert Order.objects.exists()
    assert not Address.objects.exists()


def test_asking_for_new_totals_keeps_what_was_typed_and_complains_about_nothing(browser, at, cart, address):
    typed = {**filled_in(browser.get(at("checkout"))), **VIENNA, "new-street": "", "pay": "on_shipment"}
    page = browser.post(at("checkout"), {**typed, "update": "1"})
    assert 'value="Wien"' in page.text
    assert 'class="error"' not in page.text
    assert not Order.objects.exists()


def test_an_incomplete_new_address_is_shown_again_with_what_is_missing(browser, at, cart, buy):
    answer = buy(**{**VIENNA, "new-city": ""})
    assert "This field is required" in answer.text
    assert not Order.objects.exists()


def test_a_total_the_customer_has_not_seen_is_shown_before_it_is_charged(browser, at, cart, buy):
    answer = buy(**VIENNA)
    assert "The total has changed" in answer.text
    assert not Order.objects.exists()
    assert buy(answer, **VIENNA).status_code == 302


def test_the_script_gets_methods_and_totals_for_what_is_chosen(browser, at, cart, address):
    form = filled_in(browser.get(at("checkout")))
    parts = browser.post(at("totals"), {**form, **VIENNA, "new-country": "US", "shipping_method": "express"}).text
    assert "United States" in parts
    assert "Express" not in parts
    assert "€24.90" in parts
    assert "<html" not in parts


def test_express_to_where_there_is_none_is_refused_in_words(browser, at, cart, buy):
    page = browser.post(at("checkout"), {**filled_in(browser.get(at("checkout"))), **VIENNA, "new-country": "US"})
    answer = buy(page, **{**VIENNA, "new-country": "US"}, shipping_method="express")
    assert "There is no express shipping to US" in answer.text


@pytest.mark.usefixtures("cart")
@pytest.mark.parametrize("field", ["address", "shipping_method", "pay", "new-country", "key"])
@pytest.mark.parametrize("value", ["", "nonsense", "999999999999999999999", "\x00"])
def test_nonsense_in_a_field_is_never_an_error_of_the_shop(browser, at, buy, field, value):
    form = {**VIENNA, field: value}
    assert buy(**form).status_code in {200, 302}
    assert browser.post(at("totals"), form).status_code in {200, 302}


def test_another_customers_address_cannot_be_chosen(browser, at, cart, buy):
    buy(address=str(AddressFactory().pk))
    assert not Order.objects.exists()


def test_goods_that_are_gone_lead_back_to_the_cart_with_a_clear_message(browser, at, cart, messages_in):
    StockItem.objects.update(on_hand=1)
    answer = browser.get(at("checkout"), follow=True)
    assert answer.redirect_chain == [(at("cart"), 302)]
    assert "Not enough in stock" in messages_in(answer)[0]


def test_an_empty_cart_leads_back_to_the_cart(browser, at, ada, messages_in):
    assert "empty" in messages_in(browser.get(at("checkout"), follow=True))[0]


def test_a_promotion_that_ran_out_meanwhile_is_said(browser, at, cart, address, buy):
    cart.promotion = PromotionFactory(max_redemptions=1)
    cart.save()
    page = browser.get(at("checkout"))
    cart.promotion.redemptions = 1
    cart.promotion.save()
    assert "is used up" in buy(page, seen_total="53.19 EUR").text


def test_payment_on_shipment_only_authorises(browser, cart, address, buy):
    buy(pay="on_shipment")
    payment = Payment.objects.get()
    assert (payment.authorised, payment.captured) == (Decimal("53.19"), 0)


def test_test_cards_are_explained_where_no_money_moves(browser, at, cart, settings):
    assert "tok_declined" not in browser.get(at("checkout")).text
    settings.DEBUG = True
    assert "tok_declined" in browser.get(at("checkout")).text


def test_a_longer_cart_takes_no_more_queries(browser, at, cart, address, queries_of):
    browser.get(at("checkout"))
    few = queries_of(browser, at("checkout"))
    for _ in range(3):
        CartItemFactory(cart=Cart.objects.get())
    browser.get(at("checkout"))
    assert queries_of(browser, at("checkout")) == few
