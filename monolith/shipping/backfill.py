from collections.abc import Iterable, Sequence

from monolith.shipping import returns
from monolith.shipping.models import Return
from strangler.cutover import backfill
from strangler.messaging import Event


@backfill(
    "shipping.returns",
    rows=lambda: (
        Return.objects.filter(status=Return.Status.RECEIVED)
        .select_related("order")
        .prefetch_related("lines__order_line")
    ),
    version=1,
)
def tell(received: Sequence[Return]) -> Iterable[Event]:
    return returns.told_again(received)
