"""Changes that could not be done at once: answered by the service, or done when their time has come.

Each is done by whoever owns its SKUs by then, after all earlier ones of its reference, in a transaction of its own.
"""

from collections.abc import Collection, Sequence
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from monolith.errors import ShopError
from monolith.inventory.changes import Ground, Wanted, ask, do, let_go_elsewhere, locked_for, open_lines, told_lines
from monolith.inventory.events import (
    StockChange,
    StockChangeDone,
    StockChangeRedirected,
    StockChangeRejected,
)
from monolith.inventory.models import Change, Warehouse
from strangler.outbox import publish

Status = Change.Status
TO_DO = (Status.WAITING, Status.REDIRECTED)
LOOK_AGAIN = timedelta(seconds=2)
ASK_ANEW = timedelta(seconds=30)
"""After which a change that was redirected is asked for again, although nothing that we know of has moved."""
AT_ONCE = 200


def note_done(event: StockChangeDone) -> None:
    """The service's answer. One that is late, or comes twice, changes nothing."""
    if change := _asked(event):
        places = {line.sku: line.warehouse for line in event.lines}
        for line in open_lines(change):
            line.update(done=True, warehouse=places.get(line["sku"], line["warehouse"]))
        _close(change, Status.DONE, told=change.asked_as == change.change)


def note_rejected(event: StockChangeRejected) -> None:
    if change := _asked(event):
        _reject(change, event.reason, told=change.asked_as == change.change)


def note_redirected(event: StockChangeRedirected) -> None:
    if change := _asked(event):
        now = timezone.now()
        change.status, change.answered_at, change.due_at = Status.REDIRECTED, now, now
        change.save()
        _soon([change.pk])


def wake(skus: Collection[str]) -> None:
    """These SKUs have come home: what was redirected meanwhile can be done."""
    redirected = Change.objects.filter(status=Status.REDIRECTED, skus__overlap=list(skus))
    _hurry(redirected)


def work_off(numbers: Sequence[int] | None = None) -> int:
    """Of these changes, or of all that are due, those whose time has come. Returns how many came further."""
    if numbers is None:
        due = Change.objects.filter(status__in=TO_DO, due_at__lte=timezone.now())
        numbers = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    return sum(_pursue(number) for number in numbers)


@transaction.atomic
def _pursue(number: int) -> bool:
    found = Change.objects.filter(pk=number, status__in=TO_DO)
    change = found.first()
    if change is None:
        return False
    ground = locked_for(_wanted(change), before=change.undoes_id or number)
    change = found.select_for_update(skip_locked=True).first()
    if change is None:
        return False
    wanted = _wanted(change)
    if not _is_ready(change, ground):
        change.due_at = timezone.now() + LOOK_AGAIN
        change.save(update_fields=["due_at"])
        return False
    _carry_out(change, wanted, ground)
    return True


def _is_ready(change: Change, ground: Ground) -> bool:
    """Nothing earlier is open. And since it was redirected something has moved, or else the baton is in the air."""
    elsewhere, lines = ground.standing.elsewhere, open_lines(change)
    if any(line["sku"] in ground.standing.unsettled for line in lines):
        return False
    if change.status == Status.WAITING or timezone.now() - change.answered_at > ASK_ANEW:
        return True
    return any(elsewhere.get(line["sku"]) != line["epoch"] for line in lines)


def _carry_out(change: Change, wanted: Wanted, ground: Ground) -> None:
    elsewhere = ground.standing.elsewhere
    own = wanted.of(sku for sku in wanted.quantities if sku not in elsewhere)
    try:
        with transaction.atomic():
            items, _ = do(own, ground)
    except ShopError as refusal:
        _reject(change, str(refusal), told=False)
        return
    for line in open_lines(change):
        if line["sku"] in own.quantities:
            place = items.get(line["sku"])
            line.update(done=True, warehouse=place.warehouse.code if place else line["warehouse"])
    if open_lines(change):
        is_first = change.asked_as is None and not own.quantities
        ask(change, change.change if is_first else uuid4(), elsewhere)
        change.save()
    else:
        let_go_elsewhere(wanted, ground)
        _close(change, Status.DONE, told=False)


def _reject(change: Change, reason: str, *, told: bool) -> None:
    """What this side has promised for a part of it already, it takes back: all of it is done, or none."""
    promised = [line["sku"] for line in change.lines if line["done"]]
    change.answer = reason
    _close(change, Status.REJECTED, told=told)
    if change.kind == "reserve" and promised:
        lines = [{"sku": sku, "quantity": 0, "warehouse": "", "epoch": 0, "done": False} for sku in promised]
        undone = Change.objects.create(
            kind="release",
            reference=change.reference,
            lines=lines,
            skus=promised,
            undoes=change,
            status=Status.WAITING,
            due_at=timezone.now(),
        )
        _soon([undone.pk])


def _close(change: Change, status: Status, *, told: bool) -> None:
    """`told`: whoever waits for the answer has it from the service, about the very question that he asked."""
    change.status, change.answered_at, change.due_at = status, timezone.now(), None
    change.save()
    if not told and change.undoes_id is None:
        publish(_answer(change))
    _hurry(Change.objects.filter(reference=change.reference, status=Status.WAITING))


def _answer(change: Change) -> StockChange:
    answer = {
        "change": change.change,
        "kind": change.kind,
        "reference": change.reference,
        "lines": told_lines(change.lines),
    }
    if change.status == Status.DONE:
        return StockChangeDone(**answer)
    return StockChangeRejected(**answer, reason=change.answer)


def _asked(event: StockChange) -> Change | None:
    """The change that this answers, locked, if it still waits for that."""
    return Change.objects.select_for_update().filter(asked_as=event.change, status=Status.ASKED).first()


def _wanted(change: Change) -> Wanted:
    lines = open_lines(change)
    at_a_place = change.kind in {"take_back", "adjust"}
    return Wanted(
        kind=change.kind,
        reference=change.reference,
        quantities={line["sku"]: line["quantity"] for line in lines},
        warehouse=Warehouse.objects.get(code=lines[0]["warehouse"]) if at_a_place else None,
        instead_of=change.instead_of,
        expires_at=change.expires_at,
        reason=change.reason,
    )


def _hurry(changes: QuerySet[Change]) -> None:
    numbers = list(changes.order_by("pk").values_list("pk", flat=True))
    Change.objects.filter(pk__in=numbers).update(due_at=timezone.now())
    _soon(numbers)


def _soon(numbers: Sequence[int]) -> None:
    """After the commit, since it takes locks in an order of its own. Whoever dies before leaves it to settle_stock.

    What it publishes belongs to the conversation at hand.
    """
    if numbers:
        transaction.on_commit(partial(copy_context().run, work_off, numbers), robust=True)
