"""Sums of money that must add up to the cent, whatever is in the cart."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monolith.money import CENT, allocate, rounded
from monolith.orders.pricing import Discount, PricedLine, price
from monolith.orders.taxes import RATES, tax_rate

COUNTRIES = [*sorted(RATES), "GB", "US"]

amounts = st.decimals(0, 100_000, places=2)
prices = st.decimals(CENT, 100_000, places=2)
lines = st.builds(
    PricedLine,
    sku=st.just("SKU"),
    quantity=st.integers(1, 999),
    unit_price=prices,
    tax_class=st.sampled_from(["standard", "reduced"]),
)
discounts = st.one_of(
    st.none(),
    st.builds(Discount, st.decimals(CENT, 100, places=2), percent=st.just(True)),
    st.builds(Discount, prices, percent=st.just(False)),
)


def line(unit_price, quantity=1, tax_class="standard"):
    return PricedLine("SKU", quantity, Decimal(unit_price), tax_class)


@given(amount=st.decimals(-100_000, 100_000, places=2), weights=st.lists(amounts, min_size=1, max_size=30))
def test_the_parts_of_an_allocation_add_up_to_the_whole(amount, weights):
    parts = allocate(amount, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == amount
    assert all(part == rounded(part) for part in parts)


@given(amount=amounts, weights=st.lists(prices, min_size=1, max_size=30))
def test_each_part_of_an_allocation_is_within_a_cent_of_its_share(amount, weights):
    for part, weight in zip(allocate(amount, weights), weights, strict=True):
        assert abs(part - amount * weight / sum(weights)) < CENT


def test_there_is_nothing_to_allocate_to_nobody():
    assert allocate(Decimal("1.00"), []) == []
    assert allocate(Decimal("1.00"), [Decimal(0), Decimal(0)]) == [Decimal("1.00"), Decimal("0.00")]


@given(
    cart=st.lists(lines, min_size=1, max_size=20),
    promotion=discounts,
    country=st.sampled_from(COUNTRIES),
    shipping_cost=amounts,
)
def test_the_totals_of_any_cart_add_up(cart, promotion, country, shipping_cost):
    totals = price(cart, promotion=promotion, country=country, shipping_cost=shipping_cost)
    assert totals.total == totals.subtotal - totals.discount + totals.shipping_cost + totals.tax
    assert totals.subtotal == sum(line.subtotal for line in totals.lines)
    assert totals.discount == sum(line.discount for line in totals.lines)
    tax_on_shipping = rounded(shipping_cost * tax_rate(country, "standard") / 100)
    assert totals.tax == sum(line.tax for line in totals.lines) + tax_on_shipping
    assert all(0 <= line.discount <= line.subtotal and line.tax >= 0 for line in totals.lines)
    assert all(amount == rounded(amount) for amount in (totals.subtotal, totals.discount, totals.tax, totals.total))


@given(cart=st.lists(lines, min_size=1, max_size=20), promotion=discounts, country=st.sampled_from(["GB", "US"]))
def test_an_export_bears_no_tax(cart, promotion, country):
    assert price(cart, promotion=promotion, country=country, shipping_cost=Decimal("24.90")).tax == 0


def test_a_percentage_is_taken_off_before_tax_and_never_off_shipping():
    totals = price(
        [line("100.00")], promotion=Discount(Decimal(10), percent=True), country="DE", shipping_cost=Decimal("4.90")
    )
    assert (totals.discount, totals.shipping_cost) == (Decimal("10.00"), Decimal("4.90"))
    assert totals.tax == Decimal("17.10") + Decimal("0.93")
    assert totals.total == Decimal("112.93")


def test_an_amount_takes_off_no_more_than_the_goods_are_worth():
    promotion = Discount(Decimal(50), percent=False)
    totals = price([line("20.00")], promotion=promotion, country="DE", shipping_cost=Decimal("4.90"))
    assert (totals.discount, totals.total) == (Decimal("20.00"), Decimal("5.83"))


def test_each_line_bears_its_share_of_the_discount():
    cart = [line("10.00"), line("10.00"), line("10.00")]
    promotion = Discount(Decimal(10), percent=False)
    totals = price(cart, promotion=promotion, country="US", shipping_cost=Decimal(0))
    assert [line.discount for line in totals.lines] == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]


@pytest.mark.parametrize(
    ("country", "standard", "reduced"),
    [
        *[("DE", "19", "7"), ("AT", "20", "10"), ("FR", "20", "5.5"), ("NL", "21", "9")],
        *[("ES", "21", "10"), ("IT", "22", "10"), ("PL", "23", "8"), ("US", "0", "0")],
    ],
)
def test_tax_follows_the_country_the_goods_go_to(country, standard, reduced):
    cart = [line("100.00"), line("100.00", tax_class="reduced")]
    totals = price(cart, promotion=None, country=country, shipping_cost=Decimal(0))
    assert [line.tax for line in totals.lines] == [Decimal(standard), Decimal(reduced)]
