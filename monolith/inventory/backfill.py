from collections.abc import Iterable, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from monolith.inventory.events import StockMoved, StockTold, WarehouseChanged
from monolith.inventory.levels import locked_items
from monolith.inventory.models import Reservation, StockItem, StockMovement, Warehouse
from monolith.inventory.owners import elsewhere
from monolith.inventory.parity import active_promises, places
from monolith.inventory.telling import states_of, told_again
from monolith.inventory.warehouses import as_told
from strangler.cutover import backfill


@backfill("inventory.movements", rows=StockMovement.objects.all, version=1, beside=("item",))
def tell(movements: Sequence[StockMovement]) -> Iterable[StockMoved]:
    """Each with the levels of now: the items are locked, as by everybody who tells of a level."""
    items = StockItem.objects.select_related("warehouse").in_bulk({movement.item_id for movement in movements})
    for movement in movements:
        movement.item = items[movement.item_id]
    return told_again(movements)


@backfill("inventory.warehouses", rows=Warehouse.objects.all, version=1)
def tell_warehouses(warehouses: Sequence[Warehouse]) -> list[WarehouseChanged]:
    """Under the number of their last change: whoever knows of that changes nothing."""
    return [WarehouseChanged(**as_told(warehouse)) for warehouse in warehouses]


def first_items() -> QuerySet[StockItem]:
    """A row for each SKU: the stock item that it had first."""
    return StockItem.objects.filter(~Exists(StockItem.objects.filter(sku=OuterRef("sku"), pk__lt=OuterRef("pk"))))


@backfill("inventory.stock", rows=first_items, version=1)
def tell_stock(items: Sequence[StockItem]) -> list[StockTold]:
    """Once for each SKU."""
    return _states(item.sku for item in items)


@backfill("inventory.places", rows=places, version=1)
def tell_places(items: Sequence[StockItem]) -> list[StockTold]:
    """For the repair of what parity finds in some place: the whole SKU is told."""
    return _states(item.sku for item in items)


@backfill("inventory.promises", rows=active_promises, version=1)
def tell_promises(promises: Sequence[Reservation]) -> list[StockTold]:
    """For the repair of what parity finds of promises."""
    numbers = [promise.item_id for promise in promises]
    return _states(StockItem.objects.filter(pk__in=numbers).order_by().values_list("sku", flat=True))


def _states(skus: Iterable[str]) -> list[StockTold]:
    """Under the locks of all their items. What the service owns, it knows better."""
    wanted = set(skus)
    locked = list(locked_items(Q(sku__in=wanted)))
    theirs = elsewhere(wanted)
    return [StockTold(**state) for state in states_of(item for item in locked if item.sku not in theirs)]
