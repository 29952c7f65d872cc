"""Copies of the monolith's warehouses. Each of their changes has a number, so that what comes late changes nothing.

They come with `warehouse_changed`, and with all that is told of a SKU: two keys, which have no order between them.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from extracted.inventory.events import WarehouseChanged, WarehouseTold
from extracted.inventory.models import Warehouse

FIELDS = ("code", "name", "country", "priority", "active", "revision")
PUT = """
    INSERT INTO inventory_warehouse AS known (code, name, country, priority, active, revision)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::bool[], %s::int[]) AS told(code)
    ORDER BY told.code
    ON CONFLICT (code) DO UPDATE
    SET name = EXCLUDED.name, country = EXCLUDED.country, priority = EXCLUDED.priority, active = EXCLUDED.active,
        revision = EXCLUDED.revision
    WHERE known.revision <= EXCLUDED.revision
"""


def know(told: Iterable[WarehouseTold | WarehouseChanged]) -> Iterable[Warehouse]:
    """The warehouses that are told of, as they are now. Those of which nothing is new are not locked."""
    latest = {each.code: each for each in sorted(told, key=lambda each: each.revision)}
    known = Warehouse.objects.in_bulk(list(latest), field_name="code")
    new = [each for code, each in latest.items() if code not in known or _is_newer(each, known[code])]
    if not new:
        return known.values()
    with connection.cursor() as cursor:
        cursor.execute(PUT, [[getattr(each, name) for each in new] for name in FIELDS])
    return Warehouse.objects.filter(code__in=list(latest))


def as_told(warehouse: Warehouse) -> dict[str, Any]:
    """What events say of a warehouse."""
    return {name: getattr(warehouse, name) for name in FIELDS}


def _is_newer(told: WarehouseTold | WarehouseChanged, known: Warehouse) -> bool:
    return told.revision >= known.revision and any(getattr(told, name) != getattr(known, name) for name in FIELDS)
