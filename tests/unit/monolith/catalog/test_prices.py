from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monolith.catalog.factories import PriceFactory, ProductFactory, VariantFactory
from monolith.catalog.models import Price, Variant
from monolith.catalog.selectors import variants_by_sku, with_prices
from monolith.catalog.services import change_price
from monolith.errors import NotFound, PriceRefused

pytestmark = pytest.mark.django_db

EUR_10, EUR_12 = Decimal("10.00"), Decimal("12.00")
amounts = st.decimals(min_value="0.01", max_value="99999.99", places=2)


@pytest.fixture
def mug():
    return VariantFactory(sku="MUG", price=EUR_10, name="red", product__name="Mug")


def price_of(sku, at=None):
    return with_prices(Variant.objects.filter(sku=sku), at).get().price


def test_a_new_price_is_told_with_the_old_one(mug, published):
    price = change_price("MUG", EUR_12)
    [told] = published("catalog.product_price_changed")
    assert told["data"]["name"] == "Mug, red"
    assert (told["data"]["old_price"], told["data"]["new_price"], told["data"]["currency"]) == ("10.00", "12.00", "EUR")
    assert told["data"]["valid_from"] == price.valid_from.isoformat().replace("+00:00", "Z")
    assert variants_by_sku(["MUG"])["MUG"].price == EUR_12


def test_the_same_price_again_is_no_news(mug, published):
    assert change_price("MUG", EUR_10).amount == EUR_10
    assert published() == []
    assert Price.objects.count() == 1


def test_a_planned_price_holds_when_its_time_has_come_and_not_before(mug):
    tomorrow = timezone.now() + timedelta(days=1)
    change_price("MUG", EUR_12, valid_from=tomorrow)
    assert price_of("MUG") == EUR_10
    assert price_of("MUG", tomorrow - timedelta(microseconds=1)) == EUR_10
    assert price_of("MUG", tomorrow) == EUR_12


def test_a_planned_price_can_be_planned_differently(mug, published):
    tomorrow = timezone.now() + timedelta(days=1)
    change_price("MUG", EUR_12, valid_from=tomorrow)
    change_price("MUG", Decimal("11.50"), valid_from=tomorrow)
    assert price_of("MUG", tomorrow) == Decimal("11.50")
    assert [event["data"]["old_price"] for event in published()] == ["10.00", "12.00"]


def test_a_price_keeps_its_currency(mug):
    VariantFactory(sku="CUP", price=EUR_10, currency="USD")
    assert change_price("CUP", EUR_12).currency == "USD"


@pytest.mark.parametrize("nonsense", ["0", "-1", "0.001", "9.999", "10000000000.00", "NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_of_money_is_refused(mug, nonsense):
    with pytest.raises(PriceRefused, match="whole cents"):
        change_price("MUG", Decimal(nonsense))


def test_a_price_cannot_begin_in_the_past(mug):
    with pytest.raises(PriceRefused, match="in the past"):
        change_price("MUG", EUR_12, valid_from=timezone.now() - timedelta(seconds=1))


def test_a_price_for_an_unknown_variant_is_refused():
    with pytest.raises(NotFound, match="'NOPE'"):
        change_price("NOPE", EUR_10)


def test_the_first_price_puts_a_variant_on_sale(published_types):
    VariantFactory(sku="MUG", price=None)
    change_price("MUG", EUR_10)
    assert published_types() == ["catalog.product_price_changed", "catalog.product_published"]


def test_the_first_price_of_a_variant_off_sale_does_not(published_types):
    VariantFactory(sku="MUG", price=None, active=False)
    change_price("MUG", EUR_10)
    assert published_types() == ["catalog.product_price_changed"]


def test_a_first_price_holds_at_once():
    VariantFactory(sku="MUG", price=None)
    with pytest.raises(PriceRefused, match="leave valid_from out"):
        change_price("MUG", EUR_10, valid_from=timezone.now() + timedelta(days=1))


@pytest.mark.parametrize("nonsense", [{"amount": 0}, {"amount": -1}])
def test_the_database_refuses_a_price_that_is_none(nonsense):
    with pytest.raises(IntegrityError):
        PriceFactory(**nonsense)


def test_the_database_refuses_two_prices_for_one_moment():
    price = PriceFactory()
    with pytest.raises(IntegrityError):
        PriceFactory(variant=price.variant, valid_from=price.valid_from)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(1, 1000), amounts), max_size=8))
def test_at_any_moment_the_latest_price_begun_by_then_is_in_force(db, changes):
    start = timezone.now()
    variant = VariantFactory(price=None, product=ProductFactory(variants=0))
    history = {start - timedelta(days=days): amount for days, amount in changes}
    for begins, amount in history.items():
        PriceFactory(variant=variant, amount=amount, valid_from=begins)
    for moment in [start, *history, *(begins - timedelta(seconds=1) for begins in history)]:
        begun = [begins for begins in history if begins <= moment]
        assert price_of(variant.sku, moment) == (history[max(begun)] if begun else None)


@pytest.mark.django_db(transaction=True)
def test_prices_changed_at_once_are_told_as_one_chain(published):
    VariantFactory(sku="MUG", price=EUR_10)
    ready = Barrier(6)

    def change(amount):
        ready.wait(timeout=10)
        try:
            change_price("MUG", Decimal(amount))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(change, range(20, 26), timeout=60))
    told = [(event["data"]["old_price"], event["data"]["new_price"]) for event in published()]
    assert [old for old, _ in told] == ["10.00", *(new for _, new in told[:-1])]
    assert price_of("MUG") == Decimal(told[-1][1])
