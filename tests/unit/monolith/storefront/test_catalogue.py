import pytest

from monolith.catalog.factories import CategoryFactory, ProductFactory, VariantFactory
from monolith.inventory.factories import StockItemFactory

pytestmark = pytest.mark.django_db


def in_stock(product, units=100):
    for variant in product.variants.all():
        StockItemFactory(sku=variant.sku, on_hand=units)
    return product


def names(answer):
    return [offer.item.name for offer in answer.context["offers"]]


def test_anybody_may_look_at_the_catalogue(client, at):
    in_stock(ProductFactory(name="Oak chair"))
    answer = client.get(at("catalogue"))
    assert "Oak chair" in answer.text
    assert "€19.90" in answer.text
    assert "In stock" in answer.text


def test_search_and_category_narrow_the_list(client, at):
    kitchen = CategoryFactory(slug="kitchen", name="Kitchen")
    ProductFactory(name="Steel pan", category=CategoryFactory(slug="cookware", name="Cookware", parent=kitchen))
    ProductFactory(name="Oak chair")
    assert names(client.get(at("catalogue"), {"q": "pans"})) == ["Steel pan"]
    assert names(client.get(at("catalogue"), {"category": "kitchen"})) == ["Steel pan"]
    assert names(client.get(at("catalogue"), {"q": "chair", "category": "kitchen"})) == []


def test_an_open_category_shows_its_children_and_keeps_the_search(client, at):
    kitchen = CategoryFactory(slug="kitchen", name="Kitchen")
    CategoryFactory(slug="cookware", name="Cookware", parent=kitchen)
    answer = client.get(at("catalogue"), {"category": "kitchen", "q": "pan"})
    assert 'href="?category=cookware&amp;q=pan"' in answer.text
    assert "cookware" not in client.get(at("catalogue")).text


def test_a_long_catalogue_has_pages(client, at):
    for _ in range(25):
        ProductFactory()
    assert len(client.get(at("catalogue")).context["offers"]) == 24
    assert len(client.get(at("catalogue"), {"page": 2}).context["offers"]) == 1
    assert client.get(at("catalogue"), {"page": "x"}).status_code == 200


@pytest.mark.parametrize("nonsense", [{"q": "\x00"}, {"q": "'\"&|!"}, {"category": "\x00nowhere"}, {"page": "-7"}])
def test_nonsense_in_the_address_is_no_error(client, at, nonsense):
    assert client.get(at("catalogue"), nonsense).status_code == 200


def test_a_product_page_offers_its_variants_with_price_and_stock(client, at):
    product = ProductFactory(variants=0)
    StockItemFactory(sku=VariantFactory(product=product, name="red", price="5.00").sku, on_hand=3)
    VariantFactory(product=product, name="blue", price="1234.50")
    page = client.get(at("product", slug=product.slug)).text
    assert "red" in page
    assert "Only 3 left" in page
    assert "blue" in page
    assert "€1,234.50" in page
    assert "Out of stock" in page


def test_a_product_that_is_out_of_stock_says_so_and_has_no_button(client, at):
    page = client.get(at("product", slug=ProductFactory().slug)).text
    assert "We can&#x27;t sell this product" in page or "We can't sell this product" in page
    assert "Add to cart" not in page


def test_a_product_nobody_sells_is_a_page_that_says_so(client, at):
    answer = client.get(at("product", slug="never-heard-of"))
    assert answer.status_code == 404
    assert "/api/" not in answer.text
    assert "To the catalogue" in answer.text


def test_an_address_nobody_knows_is_a_page_too(client):
    answer = client.get("/nowhere/at/all/")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_a_longer_catalogue_takes_no_more_queries(client, at, queries_of):
    in_stock(ProductFactory(variants=2))
    few = queries_of(client, at("catalogue"))
    for _ in range(5):
        in_stock(ProductFactory(variants=3, category=CategoryFactory()))
    assert queries_of(client, at("catalogue")) == few


def test_more_variants_take_no_more_queries(client, at, queries_of):
    one, many = in_stock(ProductFactory(variants=1)), in_stock(ProductFactory(variants=6))
    assert queries_of(client, at("product", slug=one.slug)) == queries_of(client, at("product", slug=many.slug))


def test_pages_allow_scripts_and_styles_of_the_shop_only(client, at):
    answer = client.get(at("catalogue"))
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert "<style" not in answer.text
    assert "style=" not in answer.text
    assert " on" not in "".join(tag for tag in answer.text.split("<") if "=" in tag and ' onclick="' in tag)
