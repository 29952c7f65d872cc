"""What becomes of one change, on stock that is locked: done, rejected, redirected, or to wait."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from extracted.inventory import adjustments, reservations
from extracted.inventory.errors import InventoryError
from extracted.inventory.events import (
    ChangeLine,
    StockChange,
    StockChangeDone,
    StockChangeRedirected,
    StockChangeRejected,
    StockChangeRequested,
)
from extracted.inventory.levels import Stock, Telling, summed
from extracted.inventory.models import StockChange as Kept
from extracted.inventory.reservations import Portion
from strangler.messaging import Envelope, encode, working_for_message
from strangler.outbox import publish_many

Status = Kept.Status


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the message it came in."""

    request: StockChangeRequested
    message: Envelope


@dataclass(frozen=True, slots=True)
class Answer:
    """To a message: what is told of the stock, then the answer itself."""

    message: Envelope
    telling: Sequence[Telling]
    event: StockChange


def attempt(stock: Stock, row: Kept, asked: Asked, behind: set[str]) -> list[Answer]:
    """Decides `row`, unless it has to wait: then its reference is among those `behind` which others wait."""
    request = asked.request
    row.status = _verdict(stock, request, behind)
    if row.status == Status.WAITING:
        behind.add(request.reference)
        row.message = encode(asked.message)
        return []
    first, done = len(stock.telling), _portions(request)
    if row.status == Status.DONE:
        try:
            done = do(stock, request)
        except InventoryError as refusal:
            row.status, row.reason = Status.REJECTED, str(refusal)
    close(row, answered(stock, request, done))
    return [Answer(asked.message, stock.telling[first:], event_of(row))]


def do(stock: Stock, request: StockChangeRequested) -> list[Portion]:
    """All of it, or nothing and an InventoryError that says why."""
    return _DO[request.kind](stock, request)


def answered(stock: Stock, request: StockChangeRequested, done: Sequence[Portion]) -> list[ChangeLine]:
    """What was done where; of a SKU of which nothing was to be done, its own line."""
    touched = {sku for sku, _, _ in done}
    nothing = [(line.sku, line.warehouse, 0) for line in request.lines if line.sku not in touched]
    return [
        ChangeLine(sku=sku, quantity=quantity, warehouse=warehouse, epoch=stock.epoch(sku))
        for sku, warehouse, quantity in [*done, *nothing]
    ]


def row_of(request: StockChangeRequested) -> Kept:
    return Kept(
        change=request.change,
        kind=request.kind,
        reference=request.reference,
        skus=sorted({line.sku for line in request.lines}),
        lines=_json(request.lines),
        status=Status.WAITING,
    )


def close(row: Kept, lines: Iterable[ChangeLine]) -> None:
    row.lines, row.message, row.answered_at = _json(lines), "", timezone.now()


def event_of(row: Kept) -> StockChange:
    told = {"change": row.change, "kind": row.kind, "reference": row.reference, "lines": row.lines}
    if row.status == Status.DONE:
        return StockChangeDone(**told)
    if row.status == Status.REJECTED:
        return StockChangeRejected(**told, reason=row.reason)
    return StockChangeRedirected(**told)


def publish(answers: Iterable[Answer]) -> None:
    """Each within the conversation of its request."""
    for answer in answers:
        with working_for_message(answer.message):
            publish_many([*(each.made() for each in answer.telling), answer.event])


def _verdict(stock: Stock, request: StockChangeRequested, behind: set[str]) -> Status:
    """Only the owner of all of its SKUs decides. A baton that has been sent here is waited for."""
    if request.reference in behind:
        return Status.WAITING
    strange = [line for line in request.lines if not stock.owns(line.sku)]
    if not strange:
        return Status.DONE
    on_their_way = all(line.epoch > stock.epoch(line.sku) for line in strange)
    return Status.WAITING if on_their_way else Status.REDIRECTED


def _reserve(stock: Stock, request: StockChangeRequested) -> list[Portion]:
    hold = request.instead_of or request.reference
    quantities = _quantities(request)
    return reservations.reserve(stock, request.reference, quantities, instead_of=hold, expires_at=request.expires_at)


def _adjust(stock: Stock, request: StockChangeRequested) -> list[Portion]:
    return adjustments.adjust(stock, _portions(request), reason=request.reason or request.reference)


_DO: dict[str, Callable[[Stock, StockChangeRequested], list[Portion]]] = {
    "reserve": _reserve,
    "release": lambda stock, request: reservations.release(stock, request.reference, _quantities(request)),
    "ship": lambda stock, request: reservations.ship(stock, request.reference, _quantities(request)),
    "take_back": lambda stock, request: adjustments.take_back(stock, request.reference, _portions(request)),
    "adjust": _adjust,
}


def _quantities(request: StockChangeRequested) -> dict[str, int]:
    return summed((line.sku, line.quantity) for line in request.lines)


def _portions(request: StockChangeRequested) -> list[Portion]:
    return [(line.sku, line.warehouse, line.quantity) for line in request.lines]


def _json(lines: Iterable[ChangeLine]) -> list[dict[str, object]]:
    return [line.model_dump(mode="json") for line in lines]
