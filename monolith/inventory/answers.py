"""What the service answers to changes that it was asked for. One that is late, or comes twice, changes nothing."""

from django.utils import timezone

from monolith.inventory.asking import open_lines, told_lines
from monolith.inventory.events import StockChange, StockChangeDone, StockChangeRedirected, StockChangeRejected
from monolith.inventory.models import Change
from strangler.outbox import publish

Status = Change.Status


def note_done(event: StockChangeDone) -> Change | None:
    """Returns the change, unless it was answered before. So do all of these."""
    if change := asked(event):
        places = {line.sku: line.warehouse for line in event.lines}
        for line in open_lines(change):
            line.update(done=True, warehouse=places.get(line["sku"], line["warehouse"]))
        close(change, Status.DONE, told=change.asked_as == change.change)
    return change


def note_rejected(event: StockChangeRejected) -> Change | None:
    if change := asked(event):
        change.answer = event.reason
        close(change, Status.REJECTED, told=change.asked_as == change.change)
    return change


def note_unowned(event: StockChangeRedirected) -> Change | None:
    """There is nobody else to ask any more: what the service does not have, nobody has."""
    if change := asked(event):
        change.answer = f"Not in stock anywhere: {', '.join(line['sku'] for line in open_lines(change))}."
        close(change, Status.REJECTED, told=False)
    return change


def asked(event: StockChange) -> Change | None:
    """The change that this answers, locked, if it still waits for that."""
    return Change.objects.select_for_update().filter(asked_as=event.change, status=Status.ASKED).first()


def close(change: Change, status: Status, *, told: bool) -> None:
    """`told`: whoever waits for the answer has it from the service, about the very question that he asked."""
    change.status, change.answered_at, change.due_at = status, timezone.now(), None
    change.save()
    if not told and change.undoes_id is None:
        publish(_answer(change))


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
