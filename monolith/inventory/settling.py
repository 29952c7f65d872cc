"""Brings the ownership of stock to where the stage wants it, some hundred SKUs in a transaction, as often as needed."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from threading import Event

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from monolith.inventory.models import Change, Ownership, StockItem
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.pursuing import work_off
from monolith.settling import RECALL_AGAIN, Progress, Settled, hand_over_all, recall_all, settle_round, wanted_here
from strangler.cutover import monolith_serves
from strangler.cutover.stages import service_has, setting_of

CONTEXT = "inventory"
BATCH = 300
PATIENCE = "2s"
"""For one SKU that somebody is working on whenever one looks."""


def settle(*, stop: Event | None = None, progress: Progress = lambda _: None) -> Settled:
    """One round over all SKUs; it ends early when `stop` is set, and tells its `progress` after each batch.

    A canary decides by the SKU, so a growing one keeps those that it has.
    """
    return settle_round((_hand_over_all, _recall_all), work_off, stop=stop, progress=progress)


def still_away() -> int:
    """SKUs that the service owns although the stage wants them here: asked back, and not come yet."""
    theirs = Ownership.objects.filter(owner=Ownership.Owner.SERVICE).values_list("sku", flat=True)
    return wanted_here(CONTEXT, theirs.iterator())


def not_settled() -> int:
    """SKUs that are to change hands, or have been asked back and are not here yet."""
    setting = setting_of(CONTEXT)
    skus = StockItem.objects.order_by().values_list("sku", flat=True).distinct()
    away = set(Ownership.objects.filter(owner=Ownership.Owner.SERVICE).values_list("sku", flat=True))
    return sum(service_has(setting, sku) != (sku in away) for sku in {*skus, *away})


def changes_that_hang(longer_than: timedelta) -> int:
    return Change.objects.filter(status__in=Change.OPEN, created_at__lt=timezone.now() - longer_than).count()


def _hand_over_all(done: Settled) -> Iterator[None]:
    left = []
    for given, not_given in hand_over_all(CONTEXT, _home_skus, hand_over):
        done.handed_over += len(given)
        left += not_given
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
            return not monolith_serves(CONTEXT, key=sku) and bool(hand_over([sku], wait=True))
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise


def _recall_all(done: Settled) -> Iterator[None]:
    for asked in recall_all(CONTEXT, _skus_to_recall, partial(recall, again_after=RECALL_AGAIN)):
        done.recalled += len(asked)
        yield


def _home_skus(last: str) -> list[str]:
    away = Ownership.objects.filter(sku=OuterRef("sku"), owner=Ownership.Owner.SERVICE)
    items = StockItem.objects.filter(~Exists(away), sku__gt=last)
    return list(items.order_by("sku").values_list("sku", flat=True).distinct()[:BATCH])


def _skus_to_recall(last: str) -> list[str]:
    asked = Q(recalled_at__gt=timezone.now() - RECALL_AGAIN)
    rows = Ownership.objects.filter(~asked, owner=Ownership.Owner.SERVICE, sku__gt=last)
    return list(rows.order_by("sku").values_list("sku", flat=True)[:BATCH])
