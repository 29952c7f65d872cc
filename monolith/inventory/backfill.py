from collections.abc import Iterable, Sequence

from monolith.inventory.events import StockMoved
from monolith.inventory.models import StockItem, StockMovement
from monolith.inventory.telling import told_again
from strangler.cutover import backfill


@backfill("inventory.movements", rows=StockMovement.objects.all, version=1)
def tell(movements: Sequence[StockMovement]) -> Iterable[StockMoved]:
    """Each with the levels of now: the items are locked, as by everybody who tells of a level."""
    numbers = {movement.item_id for movement in movements}
    locked = StockItem.objects.select_for_update(no_key=True, of=("self",)).select_related("warehouse").order_by("pk")
    items = locked.in_bulk(numbers)
    for movement in movements:
        movement.item = items[movement.item_id]
    return told_again(movements)
