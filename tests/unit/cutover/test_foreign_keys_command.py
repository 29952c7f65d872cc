"""What crosses the border of a context: read off the shop, off the database, and off what is planted in it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from monolith.orders.factories import OrderFactory
from monolith.orders.models import OrderLine
from monolith.shipping.factories import ShipmentFactory
from monolith.shipping.models import Shipment
from strangler.cutover.severing.checks import check_foreign_keys

pytestmark = pytest.mark.django_db


def output(context: str, **options: object) -> str:
    said = StringIO()
    call_command("foreign_keys", context, stdout=said, **options)
    return said.getvalue()


def refused(context: str, **options: object) -> str:
    with pytest.raises(CommandError) as error:
        output(context, **options)
    return str(error.value)


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def loosen() -> None:
    """As the database is where somebody has dropped the constraint by hand."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "shipping_shipment").items()
    (name,) = [name for name, each in found if each["foreign_key"] == ("orders_order", "id")]
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run(f"ALTER TABLE shipping_shipment DROP CONSTRAINT {name}")


def test_nothing_but_codes_leads_into_inventory() -> None:
    assert output("inventory", check=True, dangling=True).splitlines() == [
        "into inventory: none",
        "out of inventory: none",
        "soft: 2",
        "  orders.OrderLine.warehouse → inventory.Warehouse.code",
        "  shipping.Shipment.warehouse → inventory.Warehouse.code",
        "orders.OrderLine.warehouse → inventory.Warehouse.code: nothing dangles",
        "shipping.Shipment.warehouse → inventory.Warehouse.code: nothing dangles",
    ]


def test_both_directions_are_told_with_the_names_of_the_constraints() -> None:
    said = output("orders")
    assert "into orders: 4\n  shipping.Return.order → orders.Order: shipping_return_order_id_" in said
    assert "  customers.Customer" not in said
    assert "out of orders: 4\n  orders.Cart.customer → customers.Customer: orders_cart_customer_id_" in said
    assert "  orders.OrderLine.variant → catalog.Variant: orders_orderline_variant_id_" in said


def test_the_projects_own_border_is_one_with_djangos_apps_too() -> None:
    assert "  customers.Customer.user → auth.User: customers_customer_user_id_" in output("customers")
    assert "  auth.User_groups" not in output("auth")
    assert "  auth.Permission.content_type → contenttypes.ContentType: " in output("auth")


def test_a_check_fails_while_anything_leads_into_the_context() -> None:
    assert refused("orders", check=True) == "foreign keys that lead into orders: 4"


def test_a_constraint_that_no_model_knows_is_found_in_the_database() -> None:
    run("ALTER TABLE orders_orderline ADD COLUMN held_id bigint CONSTRAINT left_over REFERENCES inventory_reservation")
    line = "  orders_orderline(held_id) → inventory_reservation: left_over, of which no model knows: ALTER TABLE … DROP"
    assert line in output("inventory")
    assert refused("inventory", check=True) == "foreign keys that lead into inventory: 1"


def test_a_foreign_key_of_the_models_that_the_database_does_not_hold_is_told_and_may_dangle() -> None:
    ShipmentFactory()
    loosen()
    line = "  shipping.Shipment.order → orders.Order: in the models only, the database holds no constraint"
    assert line in output("orders")
    assert "shipping.Shipment.order: nothing dangles" in output("orders", dangling=True)
    Shipment.objects.update(order_id=4711)
    assert refused("orders", dangling=True) == "references that dangle: 1"


def test_one_that_holds_new_rows_only_is_told_so_and_the_old_ones_may_dangle() -> None:
    ShipmentFactory()
    loosen()
    Shipment.objects.update(order_id=4711)
    run("ALTER TABLE shipping_shipment ADD CONSTRAINT again FOREIGN KEY (order_id) REFERENCES orders_order NOT VALID")
    assert "  shipping.Shipment.order → orders.Order: again (NOT VALID: new rows only)" in output("orders")
    assert refused("orders", dangling=True) == "references that dangle: 1"


def test_codes_that_lead_to_nothing_are_counted_with_examples_and_a_question_to_go_on_with() -> None:
    OrderFactory()
    OrderLine.objects.update(warehouse="GONE")
    said = StringIO()
    with pytest.raises(CommandError, match="references that dangle: 1"):
        call_command("foreign_keys", "inventory", dangling=True, stdout=said)
    assert "inventory.Warehouse.code: 1 row refers to nothing ('GONE')\n  SELECT source.* FROM" in said.getvalue()
    OrderLine.objects.update(warehouse="")
    assert "orders.OrderLine.warehouse → inventory.Warehouse.code: nothing dangles" in output(
        "inventory", dangling=True
    )


def test_a_context_that_is_not_there_is_named() -> None:
    assert refused("stock").startswith("stock: there is no such app with models (apps here: admin, auth, ")


# --- what is declared


def declare(settings: Any, **changes: object) -> None:
    settings.STRANGLER = {**settings.STRANGLER, **changes}


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("orders.Line.warehouse", "inventory.Warehouse.code", "there is no field 'orders.Line.warehouse'; it takes"),
        ("orders.OrderLine.warehouse", "inventory.Warehouse.number", "there is no field 'inventory.Warehouse.number'"),
        (
            "orders.OrderLine",
            "inventory.Warehouse.code",
            "there is no field 'orders.OrderLine'; it takes '<app label>.",
        ),
        ("orders.OrderLine.variant", "catalog.Variant.id", "orders.OrderLine.variant is a foreign key still"),
    ],
)
def test_a_soft_reference_that_leads_nowhere_is_named(settings: Any, source: str, target: str, said: str) -> None:
    declare(settings, SOFT_REFERENCES={source: target})
    (problem,) = check_foreign_keys(None)
    assert (problem.id, said in problem.msg) == ("strangler.E331", True)
    assert said in refused("inventory")


def test_foreign_keys_into_a_context_that_has_left_are_warned_of(settings: Any) -> None:
    assert check_foreign_keys(None) == []
    declare(settings, STAGES={"inventory": "retired", "catalog": "extracted", "customers": "canary:10"})
    (problem,) = check_foreign_keys(None)
    assert problem.id == "strangler.W332"
    assert problem.msg.startswith("catalog=extracted: foreign keys lead into its tables")
    assert problem.msg.endswith("orders.CartItem.variant, orders.OrderLine.variant")


def test_wrong_settings_are_somebody_elses_to_tell(settings: Any) -> None:
    declare(settings, SOFT_REFERENCES=["orders.OrderLine.warehouse"])
    assert check_foreign_keys(None) == []
