"""Do the service's tables say what the monolith's say? By checksums of ranges, narrowed down to the rows that differ.

Both sides declare what is compared under one name, in the `parity.py` of an installed app::

    @parity("reporting", "orders", key="number", backfill="orders.orders")  # the monolith
    def orders() -> QuerySet:
        return Order.objects.values("number", "total", "currency")

    @parity_copy("orders", key="number")  # the service, with columns of the same names
    def orders() -> QuerySet:
        return ReportedOrder.objects.values("number", "total", "currency")

`manage.py parity reporting` compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cutover.parity.declared import parity, parity_copy

if TYPE_CHECKING:
    from strangler.cutover.parity.store import latest_parity

__all__ = ["latest_parity", "parity", "parity_copy"]


def __getattr__(name: str) -> Any:
    if name != "latest_parity":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strangler.cutover.parity import store  # imports the model: only once the app registry is ready

    return store.latest_parity
