from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monolith.catalog.factories import CategoryFactory, PriceFactory, ProductFactory, VariantFactory
from monolith.catalog.selectors import categories, product_on_sale, products_on_sale, variant_on_sale
from monolith.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelves():
    """A few things that are easily confused."""
    ProductFactory(name="Oak chair", description="Goes with the table.")
    ProductFactory(name="Oak table", description="Seats six.")
    ProductFactory(name="Running shoes", description="For runners; on oak floors too.")


def names(**search):
    return [product.name for product in products_on_sale(**search)]


def test_without_words_everything_is_listed_by_name(shelves):
    assert names() == ["Oak chair", "Oak table", "Running shoes"]


def test_a_word_in_the_name_weighs_more_than_one_in_the_description(shelves):
    assert names(search="table") == ["Oak table", "Oak chair"]
    assert names(search="oak")[-1] == "Running shoes"


def test_words_are_found_in_their_other_forms(shelves):
    assert names(search="run") == ["Running shoes"]
    assert names(search="CHAIRS") == ["Oak chair"]


def test_people_search_as_they_do_elsewhere(shelves):
    assert names(search="oak -chair -shoes") == ["Oak table"]
    assert set(names(search="chair or shoes")) == {"Oak chair", "Running shoes"}
    assert names(search='"oak table"') == ["Oak table"]


def test_nothing_found_is_an_empty_list(shelves):
    assert names(search="submarine") == []


@pytest.mark.parametrize("typed", ["OAK-1", "oak-1", " OAK-1 "])
def test_a_sku_finds_its_product_first(shelves, typed):
    VariantFactory(sku="OAK-1", product=ProductFactory(name="Zebra rug", variants=0))
    ProductFactory(name="A spare part", description="For OAK-1.")
    assert names(search=typed)[0] == "Zebra rug"


@pytest.mark.parametrize("blank", ["", "  ", "\x00"])
def test_blank_words_search_for_nothing(shelves, blank):
    assert len(names(search=blank)) == 3


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
@example(typed="oak\x00chair")
@example(typed="'\"\\ & | ! <-> ( :*")
@example(typed="-")
def test_whatever_people_type_is_a_search(db, typed):
    list(products_on_sale(search=typed))
    for lookup in (product_on_sale, variant_on_sale):
        with pytest.raises(NotFound):
            lookup(typed)


def test_only_what_can_be_bought_is_listed():
    ProductFactory(name="Off sale", active=False)
    ProductFactory(name="No variants", variants=0)
    VariantFactory(product__name="Withdrawn", active=False)
    VariantFactory(product__name="No price", price=None)
    PriceFactory(
        variant=VariantFactory(product__name="Next week", price=None), valid_from=timezone.now() + timedelta(days=7)
    )
    ProductFactory(name="On sale")
    assert names() == ["On sale"]


def test_a_product_shows_its_variants_on_sale_with_their_prices():
    product = ProductFactory(slug="mug", variants=0)
    VariantFactory(product=product, sku="B", price=Decimal("3.00"))
    VariantFactory(product=product, sku="A", price=Decimal("2.00"))
    VariantFactory(product=product, sku="C", active=False)
    shown = [(variant.sku, variant.price, variant.currency) for variant in product_on_sale("mug").variants.all()]
    assert shown == [("A", Decimal("2.00"), "EUR"), ("B", Decimal("3.00"), "EUR")]


def test_a_product_off_sale_is_not_found():
    ProductFactory(slug="mug", active=False)
    with pytest.raises(NotFound, match="'mug'"):
        product_on_sale("mug")


def test_a_category_contains_those_below_it():
    furniture = CategoryFactory(slug="furniture")
    chairs = CategoryFactory(slug="chairs", parent=furniture)
    ProductFactory(name="Stool", category=CategoryFactory(slug="stools", parent=chairs))
    ProductFactory(name="Bench", category=furniture)
    ProductFactory(name="Teapot")
    assert names(category="furniture") == ["Bench", "Stool"]
    assert names(category="chairs") == ["Stool"]
    assert names(category="unheard-of") == []
    assert [category.slug for category in categories()] == ["chairs", "furniture", "stools", "things"]


def test_a_category_can_be_searched(shelves):
    ProductFactory(name="Oak spoon", category=CategoryFactory(slug="kitchen"))
    assert names(search="oak", category="kitchen") == ["Oak spoon"]


def test_a_longer_list_costs_no_more_queries(shelves):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            for product in products_on_sale(search="oak", category="things"):
                assert product.category.name
                assert all(variant.price for variant in product.variants.all())
        return len(captured)

    few = queries()
    for number in range(10):
        ProductFactory(name=f"Oak thing {number}", variants=2)
    assert queries() == few == 3
