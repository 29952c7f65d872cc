"""The shop's own way from foreign keys into inventory to codes of warehouses, forwards and back, with goods in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from monolith.inventory.models import Warehouse
from monolith.orders.factories import OrderFactory
from monolith.shipping.services import ship
from tests.unit.monolith.shipping.conftest import two_warehouses  # noqa: F401  (a fixture)

LINES = "SELECT id, sku, warehouse FROM orders_orderline ORDER BY id"
PARCELS = "SELECT number, warehouse FROM shipping_shipment ORDER BY number"
RESERVED = """
    SELECT line.id, line.sku, warehouse.code FROM orders_orderline line
    LEFT JOIN inventory_reservation reservation ON reservation.id = line.reservation_id
    LEFT JOIN inventory_stockitem item ON item.id = reservation.item_id
    LEFT JOIN inventory_warehouse warehouse ON warehouse.id = item.warehouse_id ORDER BY line.id
"""
SENT_FROM = """
    SELECT number, code FROM shipping_shipment JOIN inventory_warehouse warehouse ON warehouse.id = warehouse_id
    ORDER BY number
"""
INTO_INVENTORY = """
    SELECT count(*), bool_and(convalidated) FROM pg_constraint JOIN pg_class target ON target.oid = confrelid
    JOIN pg_class source ON source.oid = conrelid
    WHERE contype = 'f' AND target.relname LIKE 'inventory%%' AND source.relname NOT LIKE 'inventory%%'
"""


def rows(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def migrate(number: str) -> None:
    """Both apps to the step of this number; "" is the last one."""
    for app in ("shipping", "orders"):
        call_command("migrate", app, *filter(None, [number]), verbosity=0)


@pytest.fixture
def steps(transactional_db: None) -> Iterator[None]:
    """Every test begins and ends where the code is."""
    yield
    migrate("")


@pytest.mark.usefixtures("steps")
def test_there_and_back_every_line_and_parcel_keeps_its_warehouse(two_warehouses) -> None:  # noqa: F811
    order = two_warehouses()
    ship(order, {order.lines.first().sku: 1})
    OrderFactory()
    before, parcels = rows(LINES), rows(PARCELS)
    assert {code for *_, code in before} == {"MAIN", "WEST"}
    assert rows(INTO_INVENTORY) == [(0, None)]
    migrate("0001")
    assert (rows(RESERVED), rows(SENT_FROM)) == (before, parcels)
    assert rows(INTO_INVENTORY) == [(2, True)]
    migrate("0004")
    assert (rows(LINES), rows(PARCELS)) == (before, parcels)
    assert rows(INTO_INVENTORY) == [(0, None)]
    migrate("")
    assert (rows(LINES), rows(PARCELS)) == (before, parcels)


@pytest.mark.usefixtures("steps")
def test_what_code_of_the_first_release_writes_while_the_column_is_there_is_filled_in_the_next_step() -> None:
    OrderFactory()
    migrate("0002")
    rows("UPDATE orders_orderline SET warehouse = ''")
    rows("""
        INSERT INTO orders_orderline
            (order_id, variant_id, reservation_id, sku, name, quantity, unit_price, discount, tax_rate, tax)
        SELECT order_id, variant_id, reservation_id, sku, name, quantity, unit_price, discount, tax_rate, tax
        FROM orders_orderline
    """)
    migrate("0003")
    assert [code for *_, code in rows(LINES)] == ["MAIN", "MAIN"]


BY_NUMBER, BY_BOTH, BY_CODE = "0001", "0003", "0005"
"""The releases, by the migration that their models agree with: 1, then 2 and 3, then 4."""
MAY_RUN = {"0002": (BY_NUMBER, BY_BOTH), "0003": (BY_BOTH,), "0004": (BY_BOTH, BY_CODE), "0005": (BY_CODE,)}


@pytest.mark.usefixtures("steps")
def test_the_releases_that_may_run_after_a_step_write_and_read_beside_each_other() -> None:
    [parcel] = ship(OrderFactory())
    number, code = {"warehouse_id": Warehouse.objects.get().pk}, "MAIN"
    written = {BY_NUMBER: number, BY_BOTH: {**number, "warehouse_code": code}, BY_CODE: {"warehouse": code}}
    migrate("0001")
    for step, releases in MAY_RUN.items():
        migrate(step)
        for release in releases:
            rows_of = models_of(release)
            rows_of("shipping", "Shipment").create(order_id=parcel.order_id, **written[release])
            rows_of("orders", "OrderLine").get().save()  # all columns that this release knows, read and written
    assert [code for _, code in rows(PARCELS)] == ["MAIN"] * (1 + sum(map(len, MAY_RUN.values())))


def models_of(number: str) -> Callable[[str, str], Any]:
    """Of the code whose migrations end there."""
    loader = MigrationLoader(connection)
    ends = [(app, loader.get_migration_by_prefix(app, number).name) for app in ("orders", "shipping")]
    apps = loader.project_state(ends).apps
    return lambda app, model: apps.get_model(app, model).objects


@pytest.mark.django_db
def test_the_models_say_what_the_migrations_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
