from collections.abc import Sequence

from django.db.models import QuerySet, Sum

from extracted.payments.models import (
    GatewayCall,
    LedgerAccount,
    LedgerPosting,
    Owner,
    Ownership,
    PaymentFlag,
    PaymentView,
    ShadowOutcome,
)
from extracted.payments.money import ZERO
from extracted.payments.streams import payments as streams
from strangler.eventstore import Recorded


def payments() -> QuerySet[PaymentView]:
    """Those for which something was set aside; copies of the monolith's as well as what is owned here."""
    return PaymentView.objects.exclude(status="")


def owned_here() -> QuerySet[Ownership]:
    return Ownership.objects.filter(owner=Owner.SERVICE)


def history(order_number: str) -> Sequence[Recorded]:
    """All that has happened to a payment, in order."""
    return streams.history(order_number)


def calls_of(order_number: str) -> QuerySet[GatewayCall]:
    """With every attempt, in order."""
    return GatewayCall.objects.filter(order_number=order_number).prefetch_related("tries").order_by("id")


def postings_of(order_number: str) -> QuerySet[LedgerPosting]:
    return LedgerPosting.objects.filter(order_number=order_number).order_by("version", "id")


def accounts() -> QuerySet[LedgerAccount]:
    return LedgerAccount.objects.all()


def postings(account: LedgerAccount, *, before: int | None = None, size: int = 100) -> list[LedgerPosting]:
    """What makes the balance, newest first, each with the balance `after` it; `before` this one, for what is older."""
    entered = LedgerPosting.objects.filter(account=account.account, currency=account.currency).order_by("-id")
    balance = account.balance
    if before is not None:
        entered = entered.filter(id__lt=before)
        balance = entered.aggregate(sum=Sum("amount"))["sum"] or ZERO
    found = list(entered[:size])
    for posting in found:
        posting.after = balance
        balance -= posting.amount
    return found


def flags() -> QuerySet[PaymentFlag]:
    return PaymentFlag.objects.all()


def mismatches() -> QuerySet[ShadowOutcome]:
    return ShadowOutcome.objects.exclude(cause=ShadowOutcome.Cause.NONE)
