"""The ledger: double entry, derived from the streams. Rebuilt from them at any time: `project ledger --rebuild`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import connection

from extracted.payments.domain.postings import postings
from extracted.payments.models import LedgerPosting
from extracted.payments.streams import payments
from strangler.eventstore import Recorded, projection

EMPTY = "TRUNCATE payments_ledgerposting, payments_ledgeraccount"
ADD_UP = """
    INSERT INTO payments_ledgeraccount AS known (account, currency, balance, postings)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::bigint[])
    ON CONFLICT (account, currency) DO UPDATE
    SET balance = known.balance + excluded.balance, postings = known.postings + excluded.postings
"""


def clear_ledger() -> None:
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)


@projection("ledger", streams=(payments,), reset=clear_ledger)
def enter(recorded: Sequence[Recorded]) -> None:
    """Each event's postings, and the accounts' balances with them. Raises Unbalanced."""
    rows = _rows(recorded)
    LedgerPosting.objects.bulk_create(rows)
    sums: dict[tuple[str, str], tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    for row in rows:
        balance, count = sums[row.account, row.currency]
        sums[row.account, row.currency] = balance + row.amount, count + 1
    added = [(account, currency, balance, count) for (account, currency), (balance, count) in sorted(sums.items())]
    if added:
        with connection.cursor() as cursor:
            cursor.execute(ADD_UP, [list(column) for column in zip(*added, strict=True)])


def _rows(recorded: Iterable[Recorded]) -> list[LedgerPosting]:
    return [
        LedgerPosting(
            order_number=each.key,
            version=each.version,
            event=each.event.event_type,
            account=entry.account,
            currency=each.event.currency,
            amount=entry.amount,
            entered_at=each.recorded_at,
        )
        for each in recorded
        for entry in postings(each.event)
    ]
