"""What the tables, the streams and the outbox say, and that they agree."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from extracted.payments.domain.postings import Account
from extracted.payments.domain.state import fold
from extracted.payments.models import GatewayCall, LedgerAccount, LedgerPosting, Ownership, PaymentRequest, PaymentView
from extracted.payments.projections import clear_ledger, enter
from extracted.payments.streams import payments
from strangler.eventstore.models import StreamEvent
from strangler.outbox.models import OutboxMessage

AMOUNTS = ("authorised", "captured", "refunded", "released")
SHOWN = (*AMOUNTS, "status", "currency", "authorisation", "customer_email", "customer_name", "created_at")


def view(order_number: str = "S-1") -> dict[str, str]:
    row = PaymentView.objects.get(order_number=order_number)
    return {"status": row.status, **{name: str(getattr(row, name)) for name in AMOUNTS}}


def sums(order_number: str = "S-1") -> tuple[str, ...]:
    """Status, authorised, captured, refunded, released."""
    return tuple(view(order_number).values())


def status(order_number: str = "S-1") -> str:
    return view(order_number)["status"]


def stream(order_number: str = "S-1") -> list[str]:
    """Names of what has happened, in order."""
    return [type(each.event).__name__ for each in payments.history(order_number)]


def batons() -> dict[str, tuple[str, int]]:
    return {row.order_number: (row.owner, row.epoch) for row in Ownership.objects.exclude(epoch=0)}


def published(*kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of what was published, in order; of these kinds only, if any are named."""
    rows = OutboxMessage.objects.order_by("position").values_list("type", "payload")
    found = [(name.partition(".")[2].removesuffix(".v1"), json.loads(payload)["data"]) for name, payload in rows]
    return [(name, data) for name, data in found if not kinds or name in kinds]


def answers() -> list[str]:
    """`done`, `refused`, `deferred`, `redirected`, in order."""
    found = (name.removeprefix("payment_request_") for name, _ in published() if name.startswith("payment_request_"))
    return list(found)


def facts() -> list[tuple[str, str]]:
    """What was told of money that moved here, with its amount."""
    kinds = ("payment_authorised", "payment_captured", "payment_voided", "payment_refunded")
    return [(name.removeprefix("payment_"), data["amount"]) for name, data in published(*kinds)]


def check_books() -> None:
    """Streams, read model and queue of calls agree, at every moment."""
    streams = StreamEvent.objects.filter(category="payment").values_list("key", flat=True)
    assert set(streams) == set(PaymentView.objects.values_list("order_number", flat=True))
    for row in PaymentView.objects.all():
        history = payments.history(row.order_number)
        state = fold(payments.state(), (each.event for each in history))
        assert payments.load(row.order_number).state == state
        assert row.version == len(history)
        assert {name: getattr(row, name) for name in SHOWN} == {name: getattr(state, name) for name in SHOWN}
        assert row.in_hand == (f"{state.pending.kind} {state.pending.amount}" if state.pending else "")
        due = GatewayCall.objects.filter(order_number=row.order_number, status="due").values_list("call", flat=True)
        assert list(due) == ([state.pending.call] if state.pending else []), "one call in hand, the one of the stream"
        in_hand = PaymentRequest.objects.filter(order_number=row.order_number, status="open")
        assert [each.request for each in in_hand] == ([state.open.request] if state.open else [])


def enter_all() -> None:
    """What the projection does, in the test's own transaction: `project` reads what is committed, and no more."""
    clear_ledger()
    recorded = [each for row in PaymentView.objects.all() for each in payments.history(row.order_number)]
    enter(sorted(recorded, key=lambda each: each.position))


def check_ledger() -> None:
    """Entries and accounts sum to nothing, and each payment's books say what its state says."""
    entries: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    balances: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    counts: Counter[tuple[str, str]] = Counter()
    by_payment: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in LedgerPosting.objects.all():
        entries[row.order_number, row.version, row.currency] += row.amount
        balances[row.account, row.currency] += row.amount
        counts[row.account, row.currency] += 1
        by_payment[row.order_number, row.account] += row.amount
    assert {total for total in entries.values() if total} == set()
    kept = {(row.account, row.currency): (row.balance, row.postings) for row in LedgerAccount.objects.all()}
    assert kept == {account: (balance, counts[account]) for account, balance in balances.items()}
    for row in PaymentView.objects.all():
        assert by_payment[row.order_number, Account.RECEIVABLE] == row.capturable
        assert by_payment[row.order_number, Account.AUTHORISED] == -row.capturable
        assert by_payment[row.order_number, Account.CASH] == row.refundable
        assert by_payment[row.order_number, Account.SALES] == -row.captured
        assert by_payment[row.order_number, Account.REFUNDS] == row.refunded
