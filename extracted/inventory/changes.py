"""Changes of stock that somebody asks for: done, rejected, redirected, or kept until the baton of a SKU arrives.

All of a request's lines are done or none. Whoever asks again, under the same UUID, gets the same answer. Requests of
one reference are decided in the order in which they were asked: behind one that waits, the later ones wait too.

Locks come in one order: references, batons by SKU, stock items. Who has a baton already only *tries* to get a
reference: whoever holds that one needs this baton to go on, and then decides all that waits for the reference.
"""

from collections.abc import Collection, Iterable, Sequence

from django.db import connection, transaction

from extracted.inventory import ownership
from extracted.inventory.deciding import (
    Answer,
    Asked,
    Status,
    answered,
    attempt,
    close,
    do,
    event_of,
    publish,
    row_of,
)
from extracted.inventory.errors import ChangedMeanwhile
from extracted.inventory.events import ChangeLine, StockChangeRequested
from extracted.inventory.levels import Stock, locked
from extracted.inventory.models import Reservation, StockChange
from extracted.inventory.ownership import require
from strangler.messaging import decode as decoded
from strangler.messaging import open_as
from strangler.outbox import publish_many

BATCH = 200  # references per transaction of decide_overdue
LOCKS = 20  # the number under which a reference's advisory lock is ours

# In the order of what is locked, so that two cannot wait for each other in turn.
LOCK = """
    SELECT pg_advisory_xact_lock(%s, number)
    FROM (SELECT DISTINCT hashtext(reference) AS number FROM unnest(%s::text[]) AS reference ORDER BY number) AS sorted
"""
TRY = "SELECT reference FROM unnest(%s::text[]) AS reference WHERE pg_try_advisory_xact_lock(%s, hashtext(reference))"


@transaction.atomic
def decide(asked: Sequence[Asked]) -> None:
    """Requests that came together, in a few statements; each is answered within its own conversation."""
    references = {each.request.reference for each in asked}
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [LOCKS, list(references)])
    _decide(_waiting(references), asked)


@transaction.atomic
def decide_overdue() -> int:
    """What still waits although nothing keeps it, where a consumer failed at the wrong moment. Returns how many."""
    waiting = StockChange.objects.filter(status=Status.WAITING).order_by("id")
    references = set(waiting.values_list("reference", flat=True)[:BATCH])
    return _decide(_waiting(_tried(references)), ()) if references else 0


def decide_waiting(skus: Collection[str]) -> None:
    """In the transaction that has taken over the batons of these SKUs, so that nothing can begin to wait for them."""
    waiting = StockChange.objects.filter(status=Status.WAITING, skus__overlap=list(skus))
    if references := set(waiting.values_list("reference", flat=True)):
        _decide(_waiting(_tried(references)), ())


def skus_waited_for(skus: Iterable[str]) -> set[str]:
    """All SKUs of the changes that wait for one of these, or behind one that does: to decide takes their batons."""
    waiting = StockChange.objects.filter(status=Status.WAITING)
    references = waiting.filter(skus__overlap=list(skus)).values("reference")
    return {sku for each in waiting.filter(reference__in=references).values_list("skus", flat=True) for sku in each}


@transaction.atomic
def do_now(request: StockChangeRequested) -> list[ChangeLine]:
    """For whoever waits for the answer: nothing is kept of a refusal, and none is told by an event.

    Raises NotTheOwner, ChangedMeanwhile, and what the change itself raises.
    """
    stock = _stock_of([request])
    if row := StockChange.objects.filter(change=request.change).first():
        return _said_before(row, request)
    require(stock.batons[line.sku] for line in request.lines)
    if _waiting([request.reference]):
        raise ChangedMeanwhile(f"An earlier change for {request.reference} still waits: ask again later.")
    lines = answered(stock, request, do(stock, request))
    stock.save()
    row = row_of(request)
    row.status = Status.DONE
    close(row, lines)
    row.save()
    publish_many([each.made() for each in stock.telling])
    return lines


def _decide(waiting: Sequence[StockChange], asked: Sequence[Asked]) -> int:
    """First what waits, then what is asked now. Returns how many answers there are."""
    again = [_asked_again(row) for row in waiting]
    stock = _stock_of([each.request for each in (*again, *asked)])
    known = {row.change: row for row in waiting}
    others = StockChange.objects.filter(change__in=[each.request.change for each in asked])
    known |= {row.change: row for row in others if row.change not in known}
    answers, behind, new = list[Answer](), set[str](), list[StockChange]()
    for row, each in zip(waiting, again, strict=True):
        answers += attempt(stock, row, each, behind)
    for each in asked:
        row = known.get(each.request.change)
        if row is None:
            row = known[each.request.change] = row_of(each.request)
            new.append(row)
            answers += attempt(stock, row, each, behind)
        elif row.status != Status.WAITING:
            answers.append(Answer(each.message, (), event_of(row)))
    stock.save()
    decided = [row for row in waiting if row.status != Status.WAITING]
    StockChange.objects.bulk_update(decided, ["status", "lines", "reason", "message", "answered_at"])
    StockChange.objects.bulk_create(new)
    publish(answers)
    return len(answers)


def _stock_of(requests: Sequence[StockChangeRequested]) -> Stock:
    holds = {each.instead_of for each in requests if each.instead_of}
    held = Reservation.objects.filter(reference__in=holds, status=Reservation.Status.ACTIVE).order_by()
    skus = {line.sku for each in requests for line in each.lines}
    skus |= set(held.values_list("item__sku", flat=True)) if holds else set()
    stock = locked(skus, promised_to={*holds, *(each.reference for each in requests)})
    ownership.take_new(stock.batons.values())
    return stock


def _waiting(references: Collection[str]) -> list[StockChange]:
    """In the order in which they were asked."""
    rows = StockChange.objects.filter(status=Status.WAITING, reference__in=list(references))
    return list(rows.order_by("id"))


def _tried(references: Collection[str]) -> set[str]:
    """Those that nobody else is deciding on."""
    with connection.cursor() as cursor:
        cursor.execute(TRY, [sorted(references), LOCKS])
        return {reference for (reference,) in cursor.fetchall()}


def _asked_again(row: StockChange) -> Asked:
    message = decoded(row.message)
    return Asked(open_as(message, StockChangeRequested), message)


def _said_before(row: StockChange, request: StockChangeRequested) -> list[ChangeLine]:
    if row.status != Status.DONE or (row.kind, row.reference) != (request.kind, request.reference):
        raise ChangedMeanwhile(f"{request.change} is the UUID of another change ({row}): take a new one.")
    return [ChangeLine(**line) for line in row.lines]
