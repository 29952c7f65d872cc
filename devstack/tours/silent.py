"""The shop's own tangle, pulled: a back office that writes past every service.

What the order cost beside its goods is given back properly before, so that the parcel is the last of it.
"""

import re

from devstack.shop.errors import CannotGoOn
from devstack.tours.stack import Stack

CODE = """
from django.db.models import Count
from monolith.orders.services import refund_order
from monolith.orders.write_off import write_off_lost_parcel
from monolith.shipping.models import Shipment
parcels = Shipment.objects.filter(status="dispatched", order__status="shipped", order__shipping_cost__gt=0)
parcel = parcels.annotate(parcels=Count("order__shipments")).filter(parcels=1).latest("pk")
order = parcel.order
refund_order(order, order.total - sum(line.total for line in order.lines.all()))
write_off_lost_parcel(parcel)
order.refresh_from_db()
print("WRITTEN OFF", order.number, order.status)
"""


def write_off_a_parcel(stack: Stack) -> str:
    """The number of an order that has all its money back now, and of which no event says so."""
    said = stack.shop_manage("shell", "--verbosity", "0", "--command", CODE)
    found = re.search(r"WRITTEN OFF (\S+) refunded", said)
    if found is None:
        raise CannotGoOn(f"no parcel of the history could be written off:\n{said}")
    return found[1]
