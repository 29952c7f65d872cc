"""Warehouses belong to this side in every stage, whoever owns the stock. The service is told of each change at once."""

from typing import Any

from django.db import transaction

from monolith.inventory.events import WarehouseChanged
from monolith.inventory.models import Warehouse
from strangler.outbox import publish


@transaction.atomic
def save_warehouse(warehouse: Warehouse) -> Warehouse:
    """New, or changed in anything but its code."""
    known = Warehouse.objects.select_for_update(no_key=True).filter(pk=warehouse.pk).first()
    warehouse.revision = known.revision + 1 if known else 1
    warehouse.save()
    publish(WarehouseChanged(**as_told(warehouse)))
    return warehouse


def default_warehouse() -> Warehouse:
    """The first one by priority; a shop without any gets 'MAIN'."""
    return Warehouse.objects.filter(active=True).first() or _main()


def as_told(warehouse: Warehouse) -> dict[str, Any]:
    """What events say of a warehouse."""
    names = ("code", "name", "country", "priority", "active", "revision")
    return {name: getattr(warehouse, name) for name in names}


@transaction.atomic
def _main() -> Warehouse:
    main, is_new = Warehouse.objects.get_or_create(code="MAIN", defaults={"name": "Main warehouse"})
    if is_new:
        publish(WarehouseChanged(**as_told(main)))
    return main
