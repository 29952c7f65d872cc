"""The baton of each payment: who holds its row decides nothing that somebody else could be deciding."""

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from extracted.payments.models import Owner, Ownership

# Before any lock and sorted, so that two who need rows that are not there yet cannot wait for each other in turn.
BEGIN = """
    INSERT INTO payments_ownership (order_number, owner, epoch, since)
    SELECT order_number, 'monolith', 0, clock_timestamp() FROM unnest(%s::text[]) AS told(order_number)
    WHERE NOT EXISTS (SELECT FROM payments_ownership known WHERE known.order_number = told.order_number)
    ORDER BY order_number
    ON CONFLICT DO NOTHING
"""


def hold(order_numbers: Iterable[str]) -> dict[str, Ownership]:
    """Until the transaction ends nobody else changes these payments, or whose they are. Each gets its row."""
    wanted = sorted(set(order_numbers))
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [wanted])
    rows = Ownership.objects.select_for_update(no_key=True).filter(order_number__in=wanted).order_by("order_number")
    return {baton.order_number: baton for baton in rows}


def give(batons: Iterable[Ownership], owner: Owner) -> None:
    """Batons that are held, with their new epochs. To publish what comes with it is the caller's part."""
    moved, now = list(batons), timezone.now()
    for baton in moved:
        baton.owner, baton.since, baton.recalled = owner, now, None
    Ownership.objects.bulk_update(moved, ["owner", "epoch", "since", "recalled"])
