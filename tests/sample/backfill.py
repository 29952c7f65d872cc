from collections.abc import Iterable, Sequence

from strangler.cutover import backfill
from tests.sample.events import ItemChanged
from tests.sample.items import changed
from tests.sample.models import Item


@backfill("sample.items", rows=lambda: Item.objects.prefetch_related("parts"), version=1)
def tell_the_items(items: Sequence[Item]) -> Iterable[ItemChanged]:
    return [changed(item) for item in items]
