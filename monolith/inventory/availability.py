"""How many units are left, as pages show it: out of this side's tables, or asked of the inventory service.

Reads move apart from writes, by a stage of their own: `inventory_reads`. Whatever the stage of `inventory`, the tables
are current: they are the truth of what the monolith owns, and for the rest a copy that the service's events keep; at
`retired` a smaller copy, of levels alone. So nobody *has* to move the reads. Who does, falls back to the last known
figure where the service does not answer: to that copy. A page that is a little behind oversells nothing: who reserves
asks the owner.
"""

from collections.abc import Iterable

from django.db.models import F, Sum

from monolith.inventory import service
from monolith.inventory.choosing import places
from strangler.conf import Stage
from strangler.cutover import Fallback, Shadow, capability
from strangler.cutover.stages import service_has, setting_of
from strangler.errors import ServiceUnavailable

CONTEXT = "inventory_reads"


def availability(skus: Iterable[str]) -> dict[str, int]:
    """Units nobody has reserved, over all active warehouses; 0 for a SKU that was never in stock.

    A canary goes by the SKU: a page that shows many of them asks each side once.
    """
    wanted = list(skus)
    setting = setting_of(CONTEXT)
    if setting.stage is not Stage.CANARY:
        return units_left(wanted)
    found: dict[str, int] = {}
    for side in (True, False):
        if some := [sku for sku in wanted if service_has(setting, sku) is side]:
            found |= units_left(some)
    return {sku: found[sku] for sku in wanted}


@capability(
    CONTEXT,
    key=lambda skus: skus[0] if skus else "",
    fallback=Fallback(ServiceUnavailable),
    shadow=Shadow(grace=0.5),  # an event is here in milliseconds
)
def units_left(skus: list[str]) -> dict[str, int]:
    """Of SKUs that are all on the same side of a canary."""
    items = places().filter(sku__in=skus, warehouse__active=True).order_by()
    left = dict(items.values_list("sku").annotate(left=Sum(F("on_hand") - F("reserved"))))
    return {sku: left.get(sku, 0) for sku in skus}


@units_left.extracted
def _ask_the_service(skus: list[str]) -> dict[str, int]:
    told = service.availability(skus) if skus else {}
    return {sku: told.get(sku, 0) for sku in skus}
