"""The command: what it says, what it refuses, and that a second run adds only what is missing."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone

from monolith.catalog.models import Product, Variant
from monolith.catalog.selectors import product_on_sale, products_on_sale, variant_on_sale
from monolith.customers.models import Customer
from monolith.inventory.models import StockItem, StockMovement, Warehouse
from monolith.inventory.selectors import availability
from monolith.orders.models import Order
from strangler.outbox.models import OutboxMessage
from tests.unit.monolith.seed.conftest import rows, seed

pytestmark = pytest.mark.django_db


def test_it_says_what_it_added(capsys):
    seed()
    seed(products=32, orders=10)
    assert capsys.readouterr().out.splitlines() == [
        "30 products and 25 customers added",
        "2 products and 0 customers added, 10 orders",
    ]


def test_the_query_planner_knows_what_was_seeded():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")
    seed(orders=500)
    assert rows("SELECT reltuples FROM pg_class WHERE relname = 'orders_order'") == [(500,)]


def test_seeding_again_adds_only_what_is_missing(capsys):
    seed(orders=40)
    StockItem.objects.filter(sku="SKU-00007").update(on_hand=1000)
    everything = Product.objects.count(), StockMovement.objects.count(), Order.objects.count()
    seed(orders=40)
    assert "0 products and 0 customers added, 0 orders" in capsys.readouterr().out
    assert (Product.objects.count(), StockMovement.objects.count(), Order.objects.count()) == everything
    assert StockItem.objects.get(sku="SKU-00007").on_hand == 1000
    seed(orders=60, customers=30)
    assert (Order.objects.count(), Customer.objects.count()) == (60, 30)


def test_a_later_run_adds_to_what_there_is_by_then(capsys):
    seed(orders=40, until="2026-10-01")
    seed(orders=60, until="2026-10-15")
    assert "0 products and 0 customers added, 20 orders" in capsys.readouterr().out


def test_history_from_before_the_first_event_has_no_events():
    seed(orders=40)
    assert not OutboxMessage.objects.exists()


def test_as_many_units_as_asked_for_are_available_in_the_main_warehouse():
    seed(stock=1000, products=50, orders=0)
    main = Warehouse.objects.get(code="MAIN")
    assert {item.available for item in StockItem.objects.filter(warehouse=main)} == {1000}
    assert StockItem.objects.filter(warehouse=main).count() == Variant.objects.count()
    assert availability(["SKU-00007"]) == {"SKU-00007": 1000}
    assert StockItem.objects.filter(warehouse__code="NORTH", on_hand__gt=0).exists()
    assert variant_on_sale("SKU-00007").price > 0


def test_a_shop_without_stock_has_no_movements_of_nothing():
    seed(stock=0)
    assert not StockMovement.objects.exists()


def test_what_is_seeded_can_be_searched_and_seen():
    seed(products=200)
    names = set(products_on_sale().values_list("name", flat=True))
    assert len(names) > 180
    found = products_on_sale(search="wool blanket")
    assert 0 < found.count() < 60
    assert product_on_sale(found[0].slug).variants.all()[0].price > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"products": -1}, "--products can't be negative"),
        ({"orders": -1}, "--orders can't be negative"),
        ({"until": "yesterday"}, "--until yesterday is no date; write it like 2026-11-23"),
        ({"until": (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%d")}, "the past is what is seeded"),
        ({"until": "1815-12-10"}, "must be between 2000-01-01 and now"),
        ({"orders": 5, "products": 0}, "somebody who buys: give --products of 1 or more"),
        ({"orders": 5, "customers": 0}, "somebody who buys: give --customers of 1 or more"),
        ({"admin_password_file": "/nowhere/at/all"}, "--admin-password-file /nowhere/at/all: No such file"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    with pytest.raises(CommandError, match=message):
        seed(**options)


def test_a_history_that_begins_before_the_shop_is_refused():
    seed()
    with pytest.raises(CommandError, match=r"first of the products is from 2024-09-15\. Choose a later day"):
        seed(orders=5, until="2025-03-01")


def test_the_staff_get_the_password_of_the_file(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    seed()
    assert not get_user_model().objects.filter(is_staff=True).exists()
    (tmp_path / "password").write_text("tr0ub4dor\n")
    seed(admin_password_file=tmp_path / "password")
    staff = {user.username: user for user in get_user_model().objects.filter(is_staff=True)}
    assert sorted(staff) == ["admin", "finance", "support", "warehouse"]
    assert [name for name, user in staff.items() if user.is_superuser] == ["admin"]
    assert all(user.check_password("tr0ub4dor") for user in staff.values())
    assert [group.name for group in staff["warehouse"].groups.all()] == ["warehouse"]
    assert "staff user 'admin' is ready\n" in capsys.readouterr().out


def test_a_bigger_shop_takes_no_more_statements(copies, django_assert_num_queries, django_assert_max_num_queries):
    with django_assert_max_num_queries(80) as few:
        seed(products=5, customers=3, orders=100)
    few_copies = len(copies)
    assert 15 < few_copies < 40
    with django_assert_num_queries(len(few)):
        seed(products=200, customers=100, orders=400)
    assert len(copies) == 2 * few_copies
