from decimal import Decimal

import pytest
from django.db import transaction

from monolith.catalog.factories import CategoryFactory, ProductFactory, VariantFactory
from monolith.catalog.models import Product, Variant
from monolith.catalog.selectors import is_on_sale, variant_on_sale, variants_by_id, variants_by_sku
from monolith.catalog.services import offers, publish_changes, put_on_sale, rename_category, withdraw
from monolith.errors import NotFound, PriceRefused, ProductUnavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug():
    product = ProductFactory(variants=0, name="Mug", description="Holds tea.", category__slug="kitchen")
    VariantFactory(product=product, sku="RED", name="red", price=Decimal("9.50"))
    VariantFactory(product=product, sku="BLUE", name="blue")
    return product


def told(published):
    return [(event["type"].removeprefix("catalog.product_"), event["data"]["sku"]) for event in published()]


def edit(product, **changes):
    with transaction.atomic():
        before = offers(product)
        Product.objects.filter(pk=product.pk).update(**changes)
        publish_changes(product, before)


def test_a_withdrawn_variant_cannot_be_bought_and_the_others_can(mug, published):
    withdraw("RED")
    withdraw("RED")
    with pytest.raises(NotFound, match="'RED'"):
        variant_on_sale("RED")
    assert variant_on_sale("BLUE").sku == "BLUE"
    assert told(published) == [("withdrawn.v1", "RED")]


def test_back_on_sale_tells_all_a_shop_window_needs(mug, published):
    withdraw("RED")
    put_on_sale("RED")
    put_on_sale("RED")
    assert told(published) == [("withdrawn.v1", "RED"), ("published.v1", "RED")]
    assert published("catalog.product_published")[0]["data"] == {
        "sku": "RED",
        "name": "Mug, red",
        "description": "Holds tea.",
        "category": "kitchen",
        "price": "9.50",
        "currency": "EUR",
        "product_name": "Mug",
        "category_name": mug.category.name,
    }


def test_without_a_price_nothing_goes_on_sale():
    VariantFactory(sku="MUG", price=None, active=False)
    with pytest.raises(PriceRefused, match="set one"):
        put_on_sale("MUG")
    assert not Variant.objects.get().active


def test_a_variant_of_a_product_off_sale_waits_for_the_product(mug):
    edit(mug, active=False)
    with pytest.raises(ProductUnavailable, match="put the product on sale first"):
        put_on_sale("RED")


@pytest.mark.parametrize("use_case", [withdraw, put_on_sale])
def test_an_unknown_variant_is_named(use_case):
    with pytest.raises(NotFound, match="'NOPE'"):
        use_case("NOPE")


def test_a_product_off_sale_takes_its_variants_along_and_brings_them_back(mug, published):
    withdraw("BLUE")
    edit(mug, active=False)
    edit(mug, active=True)
    assert told(published) == [("withdrawn.v1", "BLUE"), ("withdrawn.v1", "RED"), ("published.v1", "RED")]


def test_other_words_are_told_for_every_variant_on_sale(mug, published):
    edit(mug, name="Cup")
    assert told(published) == [("changed.v1", "BLUE"), ("changed.v1", "RED")]
    assert published()[1]["data"] == {
        "sku": "RED",
        "name": "Cup, red",
        "description": "Holds tea.",
        "category": "kitchen",
        "product_name": "Cup",
        "category_name": mug.category.name,
    }


def test_another_category_is_another_description(mug, published):
    edit(mug, category=CategoryFactory(slug="gifts"))
    assert {event["data"]["category"] for event in published("catalog.product_changed")} == {"gifts"}


def test_a_category_with_another_name_is_told_for_all_that_is_on_sale_in_it(mug, published):
    withdraw("BLUE")
    rename_category(mug.category, "For the kitchen")
    rename_category(mug.category, "For the kitchen")
    assert told(published)[1:] == [("changed.v1", "RED")]
    assert published()[1]["data"]["category_name"] == "For the kitchen"
    assert Product.objects.get().category.name == "For the kitchen"


def test_an_edit_that_changes_nothing_is_no_news(mug, published):
    edit(mug, name="Mug")
    assert published() == []


def test_a_product_that_is_new_had_nothing_to_offer():
    with transaction.atomic():
        assert offers(Product()) == {}


def test_looking_variants_up_costs_one_query_and_finds_those_off_sale_too(mug, django_assert_num_queries):
    withdraw("RED")
    with django_assert_num_queries(1):
        found = variants_by_sku(["RED", "BLUE", "NOPE"])
        on_sale = {sku: is_on_sale(variant) for sku, variant in found.items()}
    assert on_sale == {"RED": False, "BLUE": True}
    with django_assert_num_queries(1):
        by_id = variants_by_id(variant.pk for variant in found.values())
    assert {variant.full_name for variant in by_id.values()} == {"Mug, red", "Mug, blue"}
