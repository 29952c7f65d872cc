"""How the stock of a SKU changes hands between this side and the service: a baton, with the number of its moves.

Only the owner gives it up, under the row locks of all stock items of the SKU, in the transaction that publishes it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from monolith.inventory.copying import replace
from monolith.inventory.events import StockHandedOver, StockRecalled
from monolith.inventory.levels import locked_items
from monolith.inventory.models import Ownership, StockItem
from monolith.inventory.owners import BATON, elsewhere
from monolith.inventory.telling import states_of
from monolith.inventory.transfers import expect
from strangler.outbox import publish_many

Owner = Ownership.Owner


@transaction.atomic
def hand_over(skus: Collection[str], *, wait: bool = False) -> list[str]:
    """To the service. Returns those that went; without `wait`, what somebody is working on is left for another time.

    A SKU that was never in stock stays: there is nothing to give.
    """
    items: dict[str, list[StockItem]] = defaultdict(list)
    for item in locked_items(Q(sku__in=list(skus)), skip_locked=not wait):
        items[item.sku].append(item)
    free = _without_rivals(items)
    there = _items_there(free)
    theirs = elsewhere(free)
    given = [sku for sku in free if sku not in theirs and there[sku] == {item.pk for item in items[sku]}]
    if given:
        epochs = dict(Ownership.objects.filter(sku__in=given).values_list("sku", "epoch"))
        epochs = {sku: epochs.get(sku, 0) + 1 for sku in given}
        _save(Owner.SERVICE, epochs)
        states = states_of(item for sku in given for item in items[sku])
        publish_many([StockHandedOver(**state, to=Owner.SERVICE.value, epoch=epochs[state["sku"]]) for state in states])
    return given


@transaction.atomic
def recall(skus: Collection[str], *, again_after: timedelta = timedelta()) -> list[str]:
    """Asks the service to hand these over. Returns those that it was asked for: what it owns.

    Not those that it was asked for a moment ago, for which `again_after` has not passed.
    """
    asked = Q(recalled_at__gt=timezone.now() - again_after)
    theirs = Ownership.objects.filter(~asked, sku__in=list(skus), owner=Owner.SERVICE)
    rows = list(theirs.select_for_update(skip_locked=True).order_by("sku"))
    Ownership.objects.filter(pk__in=[row.pk for row in rows]).update(recalled_at=timezone.now())
    publish_many([StockRecalled(sku=row.sku, epoch=row.epoch) for row in rows])
    return [row.sku for row in rows]


@transaction.atomic
def take_over(events: Sequence[StockHandedOver]) -> list[str]:
    """What the service hands over is this side's from now on, with the levels and promises that it tells.

    Twice is once: an epoch that is known changes nothing. Returns the SKUs that were taken over.
    """
    latest = {event.sku: event for event in sorted(events, key=lambda event: event.epoch)}
    list(locked_items(Q(sku__in=list(latest))))
    known = dict(Ownership.objects.filter(sku__in=list(latest)).values_list("sku", "epoch"))
    taken = [event for event in latest.values() if event.to == Owner.MONOLITH and event.epoch > known.get(event.sku, 0)]
    if taken:
        replace(taken)
        _save(Owner.MONOLITH, {event.sku: event.epoch for event in taken})
        expect({event.sku: event.arriving for event in taken})
    return [event.sku for event in taken]


def _save(owner: Owner, epochs: dict[str, int]) -> None:
    now = timezone.now()
    Ownership.objects.bulk_create(
        [Ownership(sku=sku, owner=owner, epoch=epoch, since=now) for sku, epoch in sorted(epochs.items())],
        update_conflicts=True,
        unique_fields=["sku"],
        update_fields=["owner", "epoch", "since", "recalled_at"],
    )


def _items_there(skus: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for sku, pk in StockItem.objects.filter(sku__in=list(skus)).order_by().values_list("sku", "pk"):
        found[sku].add(pk)
    return found


def _without_rivals(skus: Collection[str]) -> list[str]:
    """Those whose first stock item in some warehouse nobody is about to make, and which nobody else hands over.

    Tried after the row locks, and not waited for: who holds one may be waiting for such a row.
    """
    statement = f"SELECT sku FROM unnest(%s::text[]) AS sku WHERE pg_try_advisory_xact_lock({BATON})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [sorted(skus)])
        return [sku for (sku,) in cursor.fetchall()]
