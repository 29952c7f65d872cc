"""The baton of each SKU: who holds its row decides nothing that somebody else could be deciding."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection
from django.utils import timezone

from extracted.inventory.errors import NotTheOwner
from extracted.inventory.models import Owner, Ownership, StockItem

# Before any lock and sorted, so that two who need rows that are not there yet cannot wait for each other in turn.
BEGIN = """
    INSERT INTO inventory_ownership (sku, owner, epoch, since)
    SELECT sku, 'monolith', 0, clock_timestamp() FROM unnest(%s::text[]) AS told(sku)
    WHERE NOT EXISTS (SELECT FROM inventory_ownership known WHERE known.sku = told.sku) ORDER BY sku
    ON CONFLICT DO NOTHING
"""


def hold(skus: Iterable[str]) -> dict[str, Ownership]:
    """Until the transaction ends nobody else changes stock of these SKUs, or whose it is.

    A SKU that is not known yet gets its row: somebody who is taking it over right now is waited for, too.
    """
    wanted = sorted(set(skus))
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [wanted])
    rows = Ownership.objects.select_for_update(no_key=True).filter(sku__in=wanted).order_by("sku")
    return {baton.sku: baton for baton in rows}


def take_new(batons: Iterable[Ownership]) -> None:
    """Where this service is alone: what nobody ever told of. The monolith has none of it."""
    strange = {baton.sku: baton for baton in batons if not baton.is_here}
    if settings.OWNS_NEW_SKUS and strange:
        told = StockItem.objects.filter(sku__in=list(strange)).values_list("sku", flat=True)
        give([strange[sku] for sku in strange.keys() - set(told)], Owner.SERVICE)


def give(batons: Iterable[Ownership], owner: Owner) -> None:
    """Batons that are held, with their new epochs. To publish what comes with it is the caller's part."""
    moved, now = list(batons), timezone.now()
    for baton in moved:
        baton.owner, baton.since = owner, now
    Ownership.objects.bulk_update(moved, ["owner", "epoch", "since"])


def require(batons: Iterable[Ownership]) -> None:
    """Raises NotTheOwner naming the SKUs."""
    strange = sorted(baton.sku for baton in batons if not baton.is_here)
    if strange:
        raise NotTheOwner(
            f"The stock of {', '.join(strange)} is the monolith's: change it there, or move it here first "
            "(`manage.py stage inventory …` in the monolith)."
        )
