"""Up to the stage `extracted` the shop has stock of its own, or copies it. At `retired` it asks, and keeps what it is
told.

The one place that chooses: with the old code it goes, and `asking` and `known` are what is left.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db.models import Model, QuerySet

from monolith.inventory import asking, changes, known, promises, reservations, shelves
from monolith.inventory.models import StockItem
from strangler.conf import Stage
from strangler.cutover import stage_of

P = ParamSpec("P")
R = TypeVar("R")


def is_retired() -> bool:
    return stage_of("inventory") is Stage.RETIRED


def _by_stage(own: Callable[P, R], asked: Callable[P, R]) -> Callable[P, R]:
    @wraps(own)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return (asked if is_retired() else own)(*args, **kwargs)

    return call


def _own_places() -> QuerySet[Model]:
    """One row per SKU and warehouse, inactive ones too; from `retired` on as the service last told it."""
    return StockItem.objects.select_related("warehouse").order_by("sku", "warehouse_id")


request = _by_stage(changes.request, asking.request)
release = _by_stage(reservations.release, asking.release)
ship = _by_stage(reservations.ship, asking.ship)
take_back = _by_stage(shelves.take_back, asking.take_back)
held = _by_stage(promises.held, asking.held)
places = _by_stage(_own_places, known.places)
