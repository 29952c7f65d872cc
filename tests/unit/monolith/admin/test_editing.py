from datetime import UTC, datetime, timedelta

import pytest

from monolith.catalog.factories import CategoryFactory, ProductFactory, VariantFactory
from monolith.catalog.models import Price, Variant
from monolith.customers.factories import AddressFactory
from monolith.customers.models import Address, Customer
from monolith.inventory.factories import StockItemFactory, WarehouseFactory
from monolith.inventory.models import StockItem, StockMovement, Transfer, Warehouse
from monolith.orders.models import Promotion
from strangler.outbox.models import OutboxMessage
from tests.unit.monolith.admin.conftest import act, inlines, messages_of, url

pytestmark = pytest.mark.django_db


def save(desk, row, **form):
    """The page of `row`, sent off as a browser does; returns the answer."""
    page = url(type(row), "change", row.pk)
    return desk.post(page, {**inlines(desk, page), **form}, follow=True)


def save_product(desk, product, **changes):
    same = {"name": product.name, "category": product.category.pk, "tax_class": "standard", "active": "on"}
    return save(desk, product, **{**same, **changes})


def test_other_words_for_a_product_are_published_for_each_of_its_variants(desk, published):
    product = ProductFactory(variants=2)
    save_product(desk, product, name="Renamed")
    events = published("catalog.product_changed")
    assert [event["data"]["name"] for event in events] == ["Renamed", "Renamed"]
    save_product(desk, product, name="Renamed")
    assert len(published()) == 2


def test_another_name_of_a_category_is_published_for_what_is_on_sale_in_it(desk, published):
    category = ProductFactory(variants=2).category
    form = {"name": "Crockery", "slug": category.slug, "parent": ""}
    for _ in range(2):
        desk.post(url(type(category), "change", category.pk), form)
    assert [event["data"]["category_name"] for event in published()] == ["Crockery", "Crockery"]


def test_a_product_taken_off_sale_is_withdrawn(desk, published_types):
    product = ProductFactory()
    save_product(desk, product, active="")
    assert published_types() == ["catalog.product_withdrawn"]


def test_a_variant_is_added_and_sold_once_it_has_a_price(desk, published_types):
    product = ProductFactory(variants=0)
    form = {"product": product.pk, "sku": "MUG-BLUE", "name": "blue", "weight_grams": "300"}
    assert desk.post(url(Variant, "add"), {**inlines(desk, url(Variant, "add")), **form}).status_code == 302
    assert published_types() == []
    variant = Variant.objects.get(sku="MUG-BLUE")
    assert desk.post(url(Price, "add"), price_form(variant, "12.00")).status_code == 302
    assert set(published_types()) == {"catalog.product_price_changed", "catalog.product_published"}


def price_form(variant, amount, moment=None):
    return {
        "variant": variant.pk,
        "amount": amount,
        "valid_from_0": f"{moment:%Y-%m-%d}" if moment else "",
        "valid_from_1": f"{moment:%H:%M:%S}" if moment else "",
    }


def test_a_new_price_is_published_and_the_old_one_stays_in_the_history(desk, published):
    variant = VariantFactory()
    desk.post(url(Price, "add"), price_form(variant, "25.00"))
    [event] = published("catalog.product_price_changed")
    assert (event["data"]["old_price"], event["data"]["new_price"]) == ("19.90", "25.00")
    page = desk.get(url(Variant, "change", variant.pk)).content.decode()
    assert "19.90" in page
    assert "25.00" in page
    assert Price.objects.count() == 2


def test_a_price_can_begin_later_but_not_earlier(desk):
    variant, now = VariantFactory(), datetime.now(UTC)
    desk.post(url(Price, "add"), price_form(variant, "30.00", now + timedelta(days=2)))
    assert Price.objects.get(amount="30.00").valid_from.date() == (now + timedelta(days=2)).date()
    answer = desk.post(url(Price, "add"), price_form(variant, "31.00", now - timedelta(days=2)), follow=True)
    assert "can't begin in the past" in messages_of(answer)[-1]
    assert not Price.objects.filter(amount="31.00").exists()


def test_a_price_once_asked_is_not_changed(desk):
    price = VariantFactory().prices.get()
    assert desk.post(url(Price, "change", price.pk), price_form(price.variant, "1.00")).status_code == 403


def test_the_form_of_a_price_proposes_no_moment(desk):
    page = desk.get(url(Price, "add"), {"variant": VariantFactory().pk})
    assert page.context["adminform"].form.get_initial_for_field(
        page.context["adminform"].form.fields["valid_from"], "valid_from"
    ) in (None, [None, None])


def test_variants_are_withdrawn_and_put_on_sale(desk, published_types):
    variant = VariantFactory()
    assert act(desk, Variant, "withdraw") == ["Withdrawn: 1"]
    assert act(desk, Variant, "put_on_sale") == ["Put on sale: 1"]
    assert published_types() == ["catalog.product_withdrawn", "catalog.product_published"]
    variant.prices.all().delete()
    assert "has no price" in act(desk, Variant, "put_on_sale")[0]


def test_another_name_for_a_variant_is_published(desk, published):
    variant = VariantFactory()
    save(desk, variant, name="blue", weight_grams="10")
    assert published("catalog.product_changed")[0]["data"]["name"].endswith(", blue")


def test_a_category_keeps_its_slug(desk):
    category = CategoryFactory(slug="tea")
    desk.post(url(type(category), "change", category.pk), {"name": "Teas", "slug": "teas", "parent": ""})
    category.refresh_from_db()
    assert (category.name, category.slug) == ("Teas", "tea")


def customer_form(customer, *addresses, **changes):
    form = {"name": customer.name, "phone": customer.phone, **changes}
    existing = [address for address in addresses if address.get("id")]
    form |= {"addresses-TOTAL_FORMS": len(addresses), "addresses-INITIAL_FORMS": len(existing)}
    for n, address in enumerate(addresses):
        form |= {f"addresses-{n}-{field}": value for field, value in address.items()}
        form[f"addresses-{n}-customer"] = customer.pk
    return form


POSTAL = {"recipient": "Ada", "street": "Main St 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}


def test_a_customers_telephone_number_is_changed_through_the_service(desk, published):
    customer = AddressFactory().customer
    desk.post(url(Customer, "change", customer.pk), customer_form(customer, phone="030 1234"))
    assert published("customers.customer_changed")[0]["data"]["phone"] == "030 1234"
    assert not published("customers.customer_addresses_changed")


def test_the_mark_of_the_default_address_moves(desk, published):
    old = AddressFactory(is_default=True)
    kept = {**POSTAL, "id": old.pk, "is_default": "on"}
    desk.post(
        url(Customer, "change", old.customer.pk), customer_form(old.customer, kept, {**POSTAL, "is_default": "on"})
    )
    assert not published()
    kept = {**POSTAL, "id": old.pk}
    desk.post(
        url(Customer, "change", old.customer.pk), customer_form(old.customer, kept, {**POSTAL, "is_default": "on"})
    )
    old.refresh_from_db()
    assert (old.is_default, Address.objects.get(is_default=True).street) == (False, "Main St 1")
    assert len(published("customers.customer_addresses_changed")[-1]["data"]["addresses"]) == 2


def test_an_address_is_removed_through_the_service(desk, published):
    address = AddressFactory()
    form = customer_form(address.customer, {**POSTAL, "id": address.pk, "DELETE": "on"})
    desk.post(url(Customer, "change", address.customer.pk), form)
    assert not Address.objects.exists()
    assert published("customers.customer_addresses_changed")[0]["data"]["addresses"] == []


def test_stock_is_adjusted_with_a_reason(desk, published):
    item = StockItemFactory(on_hand=5)
    form = {"adjust_by": "7", "reason": "delivery 12", "reorder_level": "9"}
    save(desk, item, **form)
    item.refresh_from_db()
    assert (item.on_hand, item.reorder_level) == (12, 9)
    assert StockMovement.objects.first().reference == "delivery 12"
    assert published("inventory.stock_adjusted")[0]["data"]["on_hand"] == 12


def test_no_adjustment_goes_without_a_reason(desk):
    item = StockItemFactory(on_hand=5)
    page = save(desk, item, adjust_by="7", reorder_level="9")
    assert "will want to know why" in page.content.decode()
    assert StockItem.objects.get().on_hand == 5


def test_a_change_of_a_warehouse_is_told(desk, published):
    warehouse = WarehouseFactory()
    save(desk, warehouse, name="Moved", country="AT", priority="3")
    assert [(event["data"]["name"], event["data"]["active"]) for event in published()] == [("Moved", False)]
    assert Warehouse.objects.get().revision == 2


def test_the_reorder_level_alone_moves_no_stock(desk):
    item = StockItemFactory(on_hand=5)
    save(desk, item, reorder_level="1")
    assert (StockItem.objects.get().reorder_level, StockMovement.objects.count()) == (1, 1)
    assert not OutboxMessage.objects.exists()


def test_stock_for_a_new_product_is_added(desk):
    warehouse = WarehouseFactory()
    form = {"sku": "NEW", "warehouse": warehouse.pk, "reorder_level": "2", "reason": "first delivery"}
    assert "How many" in desk.post(url(StockItem, "add"), form).content.decode()
    desk.post(url(StockItem, "add"), {**form, "adjust_by": "3"})
    item = StockItem.objects.get(sku="NEW")
    assert (item.on_hand, item.warehouse, item.reorder_level) == (3, warehouse, 2)


def test_stock_below_what_is_reserved_is_refused_with_a_message(desk):
    item = StockItemFactory(on_hand=5)
    form = {"adjust_by": "-6", "reason": "lost", "reorder_level": "5"}
    answer = save(desk, item, **form)
    assert "has 5 on hand" in messages_of(answer)[0]
    assert StockItem.objects.get().on_hand == 5
    assert not OutboxMessage.objects.exists()


def transfer_form(source, destination, **quantities):
    form = {"source": source.pk, "destination": destination.pk}
    form |= {"lines-TOTAL_FORMS": len(quantities), "lines-INITIAL_FORMS": 0, "lines-MIN_NUM_FORMS": 1}
    for n, (sku, quantity) in enumerate(quantities.items()):
        form |= {f"lines-{n}-sku": sku, f"lines-{n}-quantity": quantity}
    return form


def test_a_transfer_is_planned_with_its_lines(desk):
    item, north = StockItemFactory(), WarehouseFactory()
    answer = desk.post(url(Transfer, "add"), transfer_form(item.warehouse, north, MUG=2, CUP=1))
    assert answer.status_code == 302
    transfer = Transfer.objects.get()
    assert dict(transfer.lines.values_list("sku", "quantity")) == {"MUG": 2, "CUP": 1}
    assert desk.get(url(Transfer, "change", transfer.pk)).status_code == 200


def test_a_transfer_to_nowhere_or_of_nothing_is_not_planned(desk):
    here = WarehouseFactory()
    assert (
        "goes to another warehouse"
        in desk.post(url(Transfer, "add"), transfer_form(here, here, MUG=2)).content.decode()
    )
    page = desk.post(url(Transfer, "add"), transfer_form(here, WarehouseFactory())).content.decode()
    assert "submit at least 1" in page
    assert not Transfer.objects.exists()


def test_a_promotion_code_is_kept_in_upper_case(desk):
    form = {"code": " spring ", "kind": "percent", "value": "10", "currency": "EUR", "minimum": "0"}
    moment = {"valid_from_0": "2026-03-01", "valid_from_1": "00:00:00"}
    assert desk.post(url(Promotion, "add"), {**form, **moment}).status_code == 302
    assert Promotion.objects.get().code == "SPRING"
