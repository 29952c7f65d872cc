"""Brings the ownership of stock to where the stage wants it, some hundred SKUs in a transaction, as often as needed.

What is done is done: whoever kills it and starts it again goes on. Several at once don't get in each other's way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from monolith.inventory.models import Change, Ownership, StockItem
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.pursuing import work_off
from strangler.conf import Stage
from strangler.cutover import monolith_serves, stage_of
from strangler.cutover.stages import service_has, setting_of

CONTEXT = "inventory"
BATCH = 300
RECALL_AGAIN = timedelta(seconds=30)
"""After which a SKU that was asked back, and has not come, is asked back once more."""
PATIENCE = "2s"
"""For one SKU that somebody is working on whenever one looks."""
_AT_HOME = {Stage.MONOLITH, Stage.EMITTING, Stage.SHADOW}
_AWAY = {Stage.EXTRACTED, Stage.RETIRED}


@dataclass(slots=True)
class Settled:
    """What one round has done. `busy` are SKUs that nobody could hand over, for all the others who want them."""

    handed_over: int = 0
    recalled: int = 0
    changes: int = 0
    busy: int = 0


def settle(*, stop: Event | None = None, progress: Callable[[Settled], None] = lambda _: None) -> Settled:
    """One round over all SKUs; it ends early when `stop` is set, and tells its `progress` after each batch.

    A canary decides by the SKU, so a growing one keeps those that it has.
    """
    done, stop = Settled(), stop or Event()
    for hand in (_hand_over_all, _recall_all):
        for _ in hand(done):
            progress(done)
            if stop.is_set():
                return done
    while came := work_off():
        done.changes += came
        progress(done)
    return done


def still_away() -> int:
    """SKUs that the service owns although the stage wants them here: asked back, and not come yet."""
    if stage_of(CONTEXT) in _AWAY:
        return 0
    theirs = Ownership.objects.filter(owner=Ownership.Owner.SERVICE).values_list("sku", flat=True)
    with transaction.atomic():
        return sum(_is_ours(sku) for sku in theirs.iterator())


def not_settled() -> int:
    """SKUs that are to change hands, or have been asked back and are not here yet."""
    setting = setting_of(CONTEXT)
    skus = StockItem.objects.order_by().values_list("sku", flat=True).distinct()
    away = set(Ownership.objects.filter(owner=Ownership.Owner.SERVICE).values_list("sku", flat=True))
    return sum(service_has(setting, sku) != (sku in away) for sku in {*skus, *away})


def changes_that_hang(longer_than: timedelta) -> int:
    return Change.objects.filter(status__in=Change.OPEN, created_at__lt=timezone.now() - longer_than).count()


def _hand_over_all(done: Settled) -> Iterator[None]:
    if stage_of(CONTEXT) in _AT_HOME:
        return
    left = []
    for skus in _batches(_home_skus):
        with transaction.atomic():
            wanted = [sku for sku in skus if not _is_ours(sku)]
            given = hand_over(wanted) if wanted else []
        done.handed_over += len(given)
        left += sorted(set(wanted).difference(given))
        yield
    for sku in left:
        if _hand_over_alone(sku):
            done.handed_over += 1
        else:
            done.busy += 1
        yield


def _hand_over_alone(sku: str) -> bool:
    """Waits for the locks of this one, with nothing else in hand."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            return not _is_ours(sku) and bool(hand_over([sku], wait=True))
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise


def _recall_all(done: Settled) -> Iterator[None]:
    if stage_of(CONTEXT) in _AWAY:
        return
    for skus in _batches(_skus_to_recall):
        with transaction.atomic():
            done.recalled += len(recall([sku for sku in skus if _is_ours(sku)], again_after=RECALL_AGAIN))
        yield


def _is_ours(sku: str) -> bool:
    return monolith_serves(CONTEXT, key=sku)


def _batches(skus_after: Callable[[str], list[str]]) -> Iterator[list[str]]:
    last = ""
    while skus := skus_after(last):
        yield skus
        last = skus[-1]


def _home_skus(last: str) -> list[str]:
    away = Ownership.objects.filter(sku=OuterRef("sku"), owner=Ownership.Owner.SERVICE)
    items = StockItem.objects.filter(~Exists(away), sku__gt=last)
    return list(items.order_by("sku").values_list("sku", flat=True).distinct()[:BATCH])


def _skus_to_recall(last: str) -> list[str]:
    asked = Q(recalled_at__gt=timezone.now() - RECALL_AGAIN)
    rows = Ownership.objects.filter(~asked, owner=Ownership.Owner.SERVICE, sku__gt=last)
    return list(rows.order_by("sku").values_list("sku", flat=True)[:BATCH])
