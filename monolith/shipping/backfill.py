from collections.abc import Iterable, Sequence

from monolith.shipping.events import ReturnReceived
from monolith.shipping.models import Return
from monolith.shipping.returns import told_again
from strangler.cutover import backfill


@backfill(
    "shipping.returns",
    rows=lambda: Return.objects.select_related("order").prefetch_related("lines__order_line"),
    version=1,
)
def tell(returns: Sequence[Return]) -> Iterable[ReturnReceived]:
    return told_again(returns)
