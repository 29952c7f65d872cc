from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monolith.errors import CannotShipThere
from monolith.shipping.rates import EUROPEAN_UNION, EXPRESS_SURCHARGE, PER_EURO, quote
from monolith.shipping.selectors import methods_to, shipping_cost

goods = st.decimals("0.01", "9999.99", places=2)


@pytest.mark.parametrize(
    ("country", "method", "worth", "price"),
    [
        ("DE", "standard", "99.99", "4.90"),
        ("DE", "standard", "100.00", "0.00"),
        ("DE", "express", "500.00", "14.90"),
        ("FR", "standard", "199.99", "9.90"),
        ("FR", "standard", "200.00", "0.00"),
        ("FR", "express", "10.00", "19.90"),
        ("GB", "standard", "5000.00", "24.90"),
        ("US", "standard", "1.00", "24.90"),
    ],
)
def test_the_price_follows_zone_method_and_worth(country, method, worth, price):
    assert quote(country, method, Decimal(worth), "EUR") == Decimal(price)


@given(country=st.sampled_from(sorted(EUROPEAN_UNION)), worth=goods)
def test_express_costs_the_surcharge_more_than_the_smallest_standard_parcel_and_is_never_free(country, worth):
    assert quote(country, "express", worth, "EUR") == quote(country, "standard", Decimal(1), "EUR") + EXPRESS_SURCHARGE


@given(country=st.sampled_from(["DE", "AT", "CH"]), worth=goods, more=goods, currency=st.sampled_from(sorted(PER_EURO)))
def test_more_in_the_parcel_never_makes_shipping_dearer(country, worth, more, currency):
    assert 0 <= quote(country, "standard", worth + more, currency) <= quote(country, "standard", worth, currency)


def test_other_currencies_have_a_price_list_of_their_own():
    assert quote("PL", "standard", Decimal(10), "PLN") == Decimal("44.55")
    assert quote("PL", "standard", Decimal(899), "PLN") > quote("PL", "standard", Decimal(900), "PLN") == 0
    with pytest.raises(CannotShipThere, match="no shipping prices in JPY, only in EUR"):
        quote("JP", "standard", Decimal(10), "JPY")


@pytest.mark.parametrize(
    ("country", "method", "said"),
    [("US", "express", "no express shipping to US; choose standard."), ("DE", "drone", "choose standard or express.")],
)
def test_a_refusal_names_the_methods_that_are_possible(country, method, said):
    with pytest.raises(CannotShipThere, match=said):
        shipping_cost(country, method, Decimal(10), "EUR")


def test_every_method_that_is_offered_has_a_price():
    for country in ("DE", "IT", "US"):
        assert all(quote(country, method, Decimal(10), "EUR") > 0 for method in methods_to(country))
