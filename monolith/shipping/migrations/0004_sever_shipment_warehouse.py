"""Inventory's warehouses are held by nobody any more.

Sever. To be run when no release 2 runs any more, and before this code (4), which leaves the number of the warehouse
out; release 3 runs on. Taken back, it finds each warehouse again by its code.
"""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

from strangler.cutover import AllowNull, FillColumn, SeverForeignKey


def warehouse_called(apps: Any) -> Subquery:
    named = apps.get_model("inventory", "Warehouse").objects.filter(code=OuterRef("warehouse_code"))
    return Subquery(named.values("pk")[:1])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shipping", "0003_fill_shipment_warehouse_code")]

    operations = [
        SeverForeignKey("shipment", "warehouse"),
        AllowNull("shipment", "warehouse_id"),
        FillColumn("shipment", "warehouse_id", warehouse_called, backwards=True),
    ]
