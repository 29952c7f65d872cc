"""The shop's own tangle, pulled: a back office that writes past every service."""

import re

from devstack.tours.stack import Stack

CODE = """
from monolith.orders.write_off import write_off_lost_parcel
from monolith.shipping.models import Shipment
parcel = Shipment.objects.filter(status="dispatched", order__status="shipped").order_by("-id").first()
write_off_lost_parcel(parcel)
parcel.order.refresh_from_db()
print("WRITTEN OFF", parcel.order.number, parcel.order.status)
"""


def write_off_a_parcel(stack: Stack) -> str:
    """The number of an order that has all its money back now, and of which no event says so."""
    said = stack.shop_manage("shell", "--verbosity", "0", "--command", CODE)
    found = re.search(r"WRITTEN OFF (\S+) refunded", said)
    if found is None:
        raise AssertionError(f"no parcel of the history could be written off:\n{said}")
    return found[1]
