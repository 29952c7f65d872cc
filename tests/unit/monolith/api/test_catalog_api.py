from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from monolith.catalog.factories import CategoryFactory, ProductFactory, VariantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    return APIClient()


def slugs(client, query=""):
    return [product["slug"] for product in client.get(f"/api/products/{query}").json()["results"]]


def test_the_catalogue_is_open_and_shows_what_is_on_sale(visitor):
    ProductFactory(slug="gone", active=False)
    variant = VariantFactory(product__slug="oak-shelf", product__name="Oak shelf")
    assert slugs(visitor) == ["oak-shelf"]
    assert visitor.get("/api/products/gone/").status_code == 404
    [shown] = visitor.get("/api/products/oak-shelf/").json()["variants"]
    assert (shown["sku"], shown["price"], shown["currency"]) == (variant.sku, "19.90", "EUR")


def test_search_finds_other_forms_of_a_word_and_the_sku(visitor):
    VariantFactory(product__slug="chair", product__name="Oak chairs", sku="OAK-1")
    VariantFactory(product__slug="mug", product__name="Mug", sku="MUG-1")
    assert slugs(visitor, "?search=chair") == ["chair"]
    assert slugs(visitor, "?search=mug-1") == ["mug"]


def test_search_results_come_in_pages_none_missing_none_twice(visitor):
    for number in range(7):
        VariantFactory(product__name="Oak shelf" + " oak" * number)
    found, url = [], "/api/products/?search=oak&page_size=2"
    while url:
        page = visitor.get(url).json()
        found += [product["slug"] for product in page["results"]]
        url = page["next"]
    assert len(found) == len(set(found)) == 7


def test_a_category_contains_what_is_in_the_categories_below_it(visitor):
    kitchen = CategoryFactory(slug="kitchen")
    VariantFactory(product__slug="pan", product__category=CategoryFactory(slug="cookware", parent=kitchen))
    VariantFactory(product__slug="lamp")
    assert slugs(visitor, "?category=kitchen") == ["pan"]
    assert {row["slug"]: row["parent"] for row in visitor.get("/api/categories/").json()["results"]}["cookware"] == (
        "kitchen"
    )


def test_support_changes_what_a_page_says_and_the_change_is_published(as_role, visitor, published_types):
    variant = VariantFactory(product__slug="shelf")
    support, url = as_role("support"), "/api/products/shelf/"
    etag = support.get(url)["ETag"]
    assert support.patch(url, {"name": "Shelf of oak"}).status_code == 428
    changed = support.patch(url, {"name": "Shelf of oak"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["name"]) == (200, "Shelf of oak")
    assert published_types() == ["catalog.product_changed"]
    stale = support.patch(url, {"name": "Mine"}, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert visitor.get(url).json()["variants"][0]["sku"] == variant.sku


def test_finance_sets_prices_and_support_takes_things_off_sale(who_may):
    sku = VariantFactory().sku
    assert who_may("patch", f"/api/products/{VariantFactory().product.slug}/", {}) == {"support"}
    assert who_may("post", f"/api/variants/{sku}/price/", {"amount": "21.00"}) == {"finance"}
    assert who_may("post", f"/api/variants/{sku}/withdraw/") == {"support"}
    assert who_may("post", f"/api/variants/{sku}/put-on-sale/") == {"support"}


def test_a_price_in_the_past_is_refused(as_role):
    body = {"amount": "21.00", "valid_from": (timezone.now() - timedelta(days=1)).isoformat()}
    answer = as_role("finance").post(f"/api/variants/{VariantFactory().sku}/price/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "price_refused")


def test_a_longer_catalogue_takes_no_more_queries(visitor, queries_of):
    VariantFactory()
    few = queries_of(visitor, "/api/products/")
    for _ in range(4):
        VariantFactory(product=VariantFactory().product)
    assert queries_of(visitor, "/api/products/") == few <= 3


@pytest.mark.parametrize(
    ("path", "status"),
    [("?search=%00", 400), ("%00/", 404), ("?cursor=x", 400), ("?ordering=price", 400), ("?page_size=0", 400)],
)
def test_nonsense_in_an_address_is_the_callers_error(visitor, path, status):
    assert visitor.get(f"/api/products/{path}").status_code == status
