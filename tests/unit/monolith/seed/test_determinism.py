"""The same seed gives the same shop, row by row and id by id."""

import pytest
from django.core.management import call_command

from tests.unit.monolith.seed.conftest import rows, seed

pytestmark = pytest.mark.django_db(transaction=True)

DIGEST = """
    SELECT md5(coalesce(string_agg(row, E'\\n' ORDER BY row), ''))
    FROM (SELECT (to_jsonb(t) - 'password')::text AS row FROM {} t) rows
"""
NOT_SEEDED = ("django_", "auth_permission", "auth_group", "sqlite")


def digests() -> dict[str, str]:
    tables = [name for (name,) in rows("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")]
    seeded = sorted(name for name in tables if not name.startswith(NOT_SEEDED))
    return {name: rows(DIGEST.format(name))[0][0] for name in seeded}


def from_scratch(**options) -> dict[str, str]:
    call_command("flush", interactive=False, verbosity=0)
    seed(**options)
    return digests()


def test_the_same_seed_gives_the_same_rows_and_another_one_others():
    first = from_scratch(orders=120)
    assert from_scratch(orders=120) == first
    other = from_scratch(orders=120, seed=8)
    same = {table for table in first if first[table] == other[table]}
    assert {"orders_order", "catalog_product", "customers_customer", "payments_ledgerentry"}.isdisjoint(same)


def test_how_orders_are_cut_into_batches_does_not_matter(monkeypatch):
    first = rows_of_orders(from_scratch(orders=120))
    monkeypatch.setattr("monolith.seeding.orders.BATCH", 7)
    assert rows_of_orders(from_scratch(orders=120)) == first


def rows_of_orders(all_digests: dict[str, str]) -> dict[str, str]:
    """Not the stock ledger: each batch orders its own supplies, and the id of a later parcel comes later."""
    return {
        table: all_digests[table]
        for table in ("orders_order", "orders_orderline", "payments_payment", "payments_ledgerentry")
    } | {
        "customers": str(
            rows("SELECT email, order_count, lifetime_value, last_order_at FROM customers_customer ORDER BY 1")
        ),
        "stock": str(rows("SELECT sku, warehouse_id, on_hand, reserved FROM inventory_stockitem ORDER BY 1, 2")),
        "days": str(rows("SELECT day, orders, revenue FROM reporting_dailysales ORDER BY 1")),
        "codes": str(rows("SELECT code, redemptions FROM orders_promotion ORDER BY 1")),
    }
