"""What stands against giving the old code and its tables up: counted before the stage `retired`."""

from django.db.models import Exists, OuterRef, Q

from monolith.inventory.models import Change, KnownStock, StockItem, Transfer


def changes_of_ours() -> int:
    """Open ones that this side has to go on with, or has done a part of that it may have to take back."""
    ours = Q(status__in=Change.TO_DO) | Q(status=Change.Status.ASKED, lines__contains=[{"done": True}])
    return Change.objects.filter(ours).count()


def transfers_under_way() -> int:
    """Their units are in no warehouse, and nobody else knows where they should arrive."""
    return Transfer.objects.filter(status__in=[Transfer.Status.PLANNED, Transfer.Status.DISPATCHED]).count()


def places_not_known() -> int:
    names = ("sku", "warehouse", "on_hand", "reserved")
    same = KnownStock.objects.filter(**{name: OuterRef(name) for name in names})
    return StockItem.objects.exclude(on_hand=0, reserved=0).filter(~Exists(same)).count()
