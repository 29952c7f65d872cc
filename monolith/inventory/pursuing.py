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
from monolith.inventory import answers
from monolith.inventory.asking import Wanted, ask, open_lines
from monolith.inventory.changes import Ground, do, let_go_elsewhere, locked_for
from monolith.inventory.events import StockChangeDone, StockChangeRedirected, StockChangeRejected
from monolith.inventory.models import Change, Warehouse

Status = Change.Status
TO_DO = Change.TO_DO
LOOK_AGAIN = timedelta(seconds=2)
ASK_ANEW = timedelta(seconds=30)
"""After which a change that was redirected is asked for again, although nothing that we know of has moved."""
AT_ONCE = 200


def note_done(event: StockChangeDone) -> None:
    if change := answers.note_done(event):
        _go_on_after(change)


def note_rejected(event: StockChangeRejected) -> None:
    if change := answers.note_rejected(event):
        _go_on_after(change)
        _take_part_back(change)


def note_redirected(event: StockChangeRedirected) -> None:
    if change := answers.asked(event):
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
        _refuse(change, str(refusal))
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
        answers.close(change, Status.DONE, told=False)
        _go_on_after(change)


def _refuse(change: Change, reason: str) -> None:
    change.answer = reason
    answers.close(change, Status.REJECTED, told=False)
    _go_on_after(change)
    _take_part_back(change)


def _take_part_back(change: Change) -> None:
    """What this side has promised for a part of it already: all of a change is done, or none."""
    promised = [line["sku"] for line in change.lines if line["done"]]
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


def _go_on_after(change: Change) -> None:
    _hurry(Change.objects.filter(reference=change.reference, status=Status.WAITING))


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
