"""Inventory's reservations are held by nobody any more.

Sever. To be run when no release 2 runs any more, and before this code (4), which knows nothing of reservations; release
3 runs on. Taken back, it finds the reservation of each line again.
"""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

from strangler.cutover import FillColumn, SeverForeignKey


def first_reservation(apps: Any) -> Subquery:
    """Of a line. Those that were split off for a parcel are younger."""
    promised = apps.get_model("inventory", "Reservation").objects.filter(
        reference=OuterRef("order__number"), item__sku=OuterRef("sku"), item__warehouse__code=OuterRef("warehouse")
    )
    return Subquery(promised.order_by("pk").values("pk")[:1])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0003_fill_orderline_warehouse")]

    operations = [
        SeverForeignKey("orderline", "reservation"),
        FillColumn("orderline", "reservation_id", first_reservation, backwards=True),
    ]
