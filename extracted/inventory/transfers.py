"""Units moved between warehouses, of SKUs that are owned here. Between dispatch and arrival they count in neither."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from extracted.inventory.errors import InventoryError, NotTheOwner, OutOfStock
from extracted.inventory.events import Arriving, StockDispatched, StockReceived
from extracted.inventory.levels import Reason, Stock, locked
from extracted.inventory.models import Transfer, TransferLine, Warehouse
from extracted.inventory.ownership import require
from extracted.inventory.reservations import check_quantities
from strangler.outbox import publish_many

Status = Transfer.Status


@transaction.atomic
def plan_transfer(source: Warehouse, destination: Warehouse, quantities: Mapping[str, int]) -> Transfer:
    """Nothing is reserved yet: there is enough, or not, on the day of the dispatch. Raises InventoryError."""
    check_quantities(quantities)
    if source == destination:
        raise InventoryError(f"A transfer goes to another warehouse, and {source} is where the units are.")
    if not quantities:
        raise InventoryError("A transfer needs at least one SKU.")
    require(locked(quantities).batons.values())
    transfer = Transfer.objects.create(source=source, destination=destination)
    TransferLine.objects.bulk_create(
        [TransferLine(transfer=transfer, sku=sku, quantity=quantity) for sku, quantity in sorted(quantities.items())]
    )
    return transfer


@transaction.atomic
def dispatch_transfer(transfer: Transfer) -> Transfer:
    """Raises IllegalTransition, NotTheOwner, and OutOfStock where a SKU has too few units that nobody has reserved."""
    transfer = _moved(transfer, Status.DISPATCHED)
    quantities, stock = _stock_of(transfer)
    source, destination = transfer.source.code, transfer.destination.code
    _check_available(stock, transfer, quantities)
    for sku, quantity in quantities.items():
        item = stock.item_in(sku, source)
        movement = stock.move(item, -quantity, Reason.TRANSFERRED, transfer.number)
        told = {"transfer": transfer.number, "destination": destination}
        stock.tell(StockDispatched, item, quantity, movement=movement, **told)
    _save(stock)
    return transfer


@transaction.atomic
def receive_transfer(transfer: Transfer) -> Transfer:
    """All but what was handed over with its SKU. Raises IllegalTransition, and NotTheOwner where that is all of it."""
    transfer = _moved(transfer, Status.RECEIVED)
    quantities, stock = _stock_of(transfer)
    if not quantities:
        raise NotTheOwner(
            f"All of {transfer} went to the monolith with its SKUs: receive it there (transfers {transfer}-…)."
        )
    for sku, quantity in quantities.items():
        item = stock.item_in(sku, transfer.destination.code)
        movement = stock.move(item, quantity, Reason.TRANSFERRED, transfer.number)
        told = {"transfer": transfer.number, "source": transfer.source.code}
        stock.tell(StockReceived, item, quantity, movement=movement, **told)
    _save(stock)
    return transfer


@transaction.atomic
def cancel_transfer(transfer: Transfer) -> Transfer:
    """Only before the dispatch, so no stock has moved. Raises IllegalTransition."""
    return _moved(transfer, Status.CANCELLED)


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


def give_along(skus: Iterable[str]) -> dict[str, list[Arriving]]:
    """By SKU, what is on its way and goes with their batons, which are held. Nobody receives it here any more."""
    arriving: dict[str, list[Arriving]] = defaultdict(list)
    under_way = TransferLine.objects.filter(transfer__status=Status.DISPATCHED, sku__in=list(skus), handed_over=False)
    lines = list(under_way.select_related("transfer__source", "transfer__destination").order_by("pk"))
    for line in lines:
        transfer = line.transfer
        arriving[line.sku].append(
            Arriving(
                number=f"{transfer}-{line.pk}",
                source=transfer.source.code,
                destination=transfer.destination.code,
                quantity=line.quantity,
                dispatched_at=transfer.dispatched_at,
            )
        )
    if lines:
        TransferLine.objects.filter(pk__in=[line.pk for line in lines]).update(handed_over=True)
    return arriving


def _stock_of(transfer: Transfer) -> tuple[dict[str, int], Stock]:
    """What of it is still to be moved here. Looked up again under the batons, with which it may have gone."""
    stock = locked(transfer.lines.values_list("sku", flat=True))
    quantities = dict(transfer.lines.filter(handed_over=False).values_list("sku", "quantity"))
    require(stock.batons[sku] for sku in quantities)
    return quantities, stock


def _save(stock: Stock) -> None:
    stock.save()
    publish_many([each.made() for each in stock.telling])


def _check_available(stock: Stock, transfer: Transfer, quantities: Mapping[str, int]) -> None:
    left = {sku: stock.item_in(sku, transfer.source.code).available for sku in quantities}
    short = [f"{sku} (wanted {n}, left {left[sku]})" for sku, n in sorted(quantities.items()) if n > left[sku]]
    if short:
        raise OutOfStock(f"{transfer.source} can't spare {', '.join(short)}: cancel {transfer} and plan a smaller one.")
