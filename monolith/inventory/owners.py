"""Who owns the stock of which SKU, for whoever is about to change it.

Ask after the row locks: the owner gives a SKU up under those same locks, so the answer holds until you commit.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db import connection
from django.db.models import CharField, Func, IntegerField, Q, QuerySet, Value

from monolith.errors import StockElsewhere
from monolith.inventory.models import Change, Ownership

BATON = "hashtextextended('inventory.stock:' || sku, 0)"
"""The number of the advisory lock of a SKU, in a statement that has a column `sku`."""
_UNSETTLED = -1  # in place of an epoch


class Standing(NamedTuple):
    """Of some SKUs: which the service owns, with their epochs, and which wait for an earlier change to be answered."""

    elsewhere: Mapping[str, int]
    unsettled: frozenset[str]

    def keeps_off(self, sku: str) -> bool:
        """Whether this side may not change it now."""
        return sku in self.elsewhere or sku in self.unsettled


def elsewhere(skus: Collection[str]) -> dict[str, int]:
    """Those of them that the service owns, with their epochs. One query."""
    return dict(_with_the_service(skus).values_list("sku", "epoch"))


def standing(skus: Collection[str], reference: str, *, before: int | None = None) -> Standing:
    """Of these SKUs, for a change of `reference`. `before` is its number, if it has one: later ones don't count.

    One query. What is asked for one reference is done in the order in which it was asked, and what takes back a part of
    a change comes before what was asked after that change.
    """
    earlier = Change.objects.filter(reference=reference, status__in=Change.OPEN)
    if before is not None:
        earlier = earlier.filter(Q(pk__lt=before) | Q(undoes__lt=before))
    unsettled = in_changes(earlier).values_list("sku", Value(_UNSETTLED, IntegerField()))
    found = list(_with_the_service(skus).values_list("sku", "epoch").union(unsettled, all=True))
    return Standing(
        {sku: epoch for sku, epoch in found if epoch != _UNSETTLED},
        frozenset(sku for sku, epoch in found if epoch == _UNSETTLED),
    )


def in_changes(changes: QuerySet[Change]) -> QuerySet[Change]:
    """A row for each SKU of each, as `sku`."""
    return changes.order_by().annotate(sku=Func("skus", function="unnest", output_field=CharField()))


def require_own(skus: Collection[str], what: str) -> None:
    """For what cannot be asked of the service. Raises StockElsewhere naming the SKUs, and where to go."""
    if theirs := elsewhere(skus):
        raise StockElsewhere(
            f"{what}: the stock of {', '.join(sorted(theirs))} is kept by the inventory service. Do it in the admin of "
            "that service, and here for the other SKUs alone."
        )


def keep_at_home(skus: Iterable[str]) -> None:
    """Nobody hands these SKUs over until this transaction ends.

    For whoever makes a first stock item, which no row lock can keep. Others take row locks, which cost less.
    """
    statement = f"SELECT pg_advisory_xact_lock_shared({BATON}) FROM unnest(%s::text[]) AS sku"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [sorted(skus)])


def _with_the_service(skus: Collection[str]) -> QuerySet[Ownership]:
    return Ownership.objects.filter(sku__in=list(skus), owner=Ownership.Owner.SERVICE).order_by()
