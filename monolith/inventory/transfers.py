"""Units moved between warehouses. Between dispatch and arrival they count in neither."""

from collections.abc import Iterable, Mapping
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from monolith.errors import OutOfStock, ShopError
from monolith.inventory.asking import check_quantities
from monolith.inventory.changes import request
from monolith.inventory.events import Arriving, StockDispatched, StockReceived
from monolith.inventory.levels import Reason, locked_items, locked_items_in, move, moved_level
from monolith.inventory.models import StockItem, Transfer, TransferLine, Warehouse
from monolith.inventory.owners import elsewhere, require_own
from strangler.outbox import publish_many

Status = Transfer.Status


@transaction.atomic
def plan_transfer(source: Warehouse, destination: Warehouse, quantities: Mapping[str, int]) -> Transfer:
    """Nothing is reserved yet: there is enough, or not, on the day of the dispatch. Raises ShopError for nonsense."""
    check_quantities(quantities)
    if source == destination:
        raise ShopError(f"A transfer goes to another warehouse, and {source} is where the units are.")
    if not quantities:
        raise ShopError("A transfer needs at least one SKU.")
    transfer = Transfer.objects.create(source=source, destination=destination)
    TransferLine.objects.bulk_create(
        [TransferLine(transfer=transfer, sku=sku, quantity=quantity) for sku, quantity in sorted(quantities.items())]
    )
    return transfer


@transaction.atomic
def dispatch_transfer(transfer: Transfer) -> Transfer:
    """Raises IllegalTransition, OutOfStock when a SKU has too few units that nobody has reserved, StockElsewhere."""
    transfer = _moved(transfer, Status.DISPATCHED)
    quantities = _quantities(transfer)
    items = {item.sku: item for item in locked_items(Q(sku__in=list(quantities), warehouse=transfer.source_id))}
    require_own(quantities, f"Transfer {transfer} can't be dispatched")
    _check_available(transfer, items, quantities)
    moved = move({items[sku]: -quantity for sku, quantity in quantities.items()}, Reason.TRANSFERRED, transfer.number)
    destination = transfer.destination.code
    publish_many(
        [
            StockDispatched(
                **moved_level(item, quantities[sku], moved), transfer=transfer.number, destination=destination
            )
            for sku, item in items.items()
        ]
    )
    return transfer


@transaction.atomic
def receive_transfer(transfer: Transfer) -> Transfer:
    """What the service has come to own meanwhile, it is asked to add. Raises IllegalTransition."""
    transfer = _moved(transfer, Status.RECEIVED)
    quantities = _quantities(transfer)
    items = locked_items_in(transfer.destination, quantities)
    theirs = elsewhere(quantities)
    own = {sku: quantity for sku, quantity in quantities.items() if sku not in theirs}
    moved = move({items[sku]: quantity for sku, quantity in own.items()}, Reason.TRANSFERRED, transfer.number)
    source = transfer.source.code
    publish_many(
        [
            StockReceived(**moved_level(items[sku], quantity, moved), transfer=transfer.number, source=source)
            for sku, quantity in sorted(own.items())
        ]
    )
    if theirs:
        arrived = {sku: quantities[sku] for sku in theirs}
        reason = f"transfer {transfer} from {source}"
        request("adjust", f"adjust:{uuid4().hex}", arrived, warehouse=transfer.destination, reason=reason)
    return transfer


@transaction.atomic
def cancel_transfer(transfer: Transfer) -> Transfer:
    """Only before the dispatch, so no stock has moved. Raises IllegalTransition."""
    return _moved(transfer, Status.CANCELLED)


def expect(arriving: Mapping[str, Iterable[Arriving]]) -> None:
    """By SKU, what the service had sent to another warehouse when the SKU came home: to be received here.

    A transfer of its own for each, under the number that the service gives it, so that nobody waits for another's row.
    """
    expected = [(sku, each) for sku, some in arriving.items() for each in some]
    if not expected:
        return
    codes = {code for _, each in expected for code in (each.source, each.destination)}
    places = {code: Warehouse.objects.get_or_create(code=code, defaults={"name": code})[0] for code in sorted(codes)}
    transfers = Transfer.objects.bulk_create(
        [
            Transfer(
                number=each.number,
                source=places[each.source],
                destination=places[each.destination],
                status=Status.DISPATCHED,
                dispatched_at=each.dispatched_at,
            )
            for _, each in expected
        ]
    )
    TransferLine.objects.bulk_create(
        [
            TransferLine(transfer=transfer, sku=sku, quantity=each.quantity)
            for transfer, (sku, each) in zip(transfers, expected, strict=True)
        ]
    )


def _moved(transfer: Transfer, status: Status) -> Transfer:
    """Locked first: of two people who dispatch the same transfer at once, one is told that it has gone."""
    warehouses = Transfer.objects.select_related("source", "destination")
    transfer = warehouses.select_for_update(of=("self",), no_key=True).get(pk=transfer.pk)
    transfer.move_to(status)
    if status == Status.DISPATCHED:
        transfer.dispatched_at = timezone.now()
    if status == Status.RECEIVED:
        transfer.received_at = timezone.now()
    transfer.save(update_fields=["status", "dispatched_at", "received_at"])
    return transfer


def _quantities(transfer: Transfer) -> dict[str, int]:
    return dict(transfer.lines.values_list("sku", "quantity"))


def _check_available(transfer: Transfer, items: Mapping[str, StockItem], quantities: Mapping[str, int]) -> None:
    left = {sku: items[sku].available if sku in items else 0 for sku in quantities}
    short = [f"{sku} (wanted {n}, left {left[sku]})" for sku, n in sorted(quantities.items()) if n > left[sku]]
    if short:
        raise OutOfStock(f"{transfer.source} can't spare {', '.join(short)}: cancel {transfer} and plan a smaller one.")
