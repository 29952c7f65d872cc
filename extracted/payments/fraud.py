"""A customer who pays often, or much, within a short time is pointed out. Nothing is held back: people look at it.

A window reaches from each payment back over `FRAUD_WINDOW_SECONDS`, by the time at which payments were made and not at
which they were heard of: one that comes late counts in the windows of those after it, which are then looked at again.
Kept is what a window may still reach: what comes later than `FRAUD_LATENESS_SECONDS` is not counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone

from extracted.payments.events import PaymentAuthorised, PaymentFlagged
from extracted.payments.models import PaymentFlag, Sighting
from strangler.batches import delete_in_batches
from strangler.outbox import publish_many

LOCKS = 21  # the number under which a customer's advisory lock is ours

# In the order of what is locked, so that two cannot wait for each other in turn.
LOCK = """
    SELECT pg_advisory_xact_lock(%s, number)
    FROM (SELECT DISTINCT hashtext(email) AS number FROM unnest(%s::text[]) AS email ORDER BY number) AS sorted
"""
# The windows that end with a new payment, and those after it that reach back to one.
SUSPICIOUS = """
    WITH near AS (
        SELECT DISTINCT s.id, s.order_number, s.customer_email, s.currency, s.amount, s.made_at
        FROM payments_sighting s JOIN payments_sighting new ON new.customer_email = s.customer_email
        WHERE new.order_number = ANY(%(new)s)
            AND s.made_at BETWEEN new.made_at - %(window)s AND new.made_at + %(window)s),
    behind AS (
        SELECT DISTINCT s.id, s.order_number, s.customer_email, s.currency, s.amount, s.made_at
        FROM payments_sighting s JOIN near ON near.customer_email = s.customer_email
        WHERE s.made_at BETWEEN near.made_at - %(window)s AND near.made_at),
    counted AS (
        SELECT behind.*,
            count(*) OVER (PARTITION BY customer_email
                ORDER BY made_at RANGE BETWEEN %(window)s PRECEDING AND CURRENT ROW) AS count,
            sum(amount) OVER (PARTITION BY customer_email, currency
                ORDER BY made_at RANGE BETWEEN %(window)s PRECEDING AND CURRENT ROW) AS total
        FROM behind),
    broken AS (
        SELECT counted.*, rule FROM counted JOIN near USING (id), LATERAL (VALUES
            ('number', counted.count > %(most)s), ('sum', counted.total > %(most_money)s)) AS rules(rule, broken)
        WHERE broken)
    SELECT b.order_number, b.customer_email, b.rule, b.count, b.total, b.made_at FROM broken b
    WHERE NOT EXISTS (SELECT FROM payments_paymentflag f WHERE f.order_number = b.order_number AND f.rule = b.rule)
    ORDER BY b.made_at, b.order_number, b.rule
"""
PRUNE = """
    WITH old AS MATERIALIZED (
        SELECT id FROM payments_sighting WHERE made_at < %(before)s ORDER BY made_at LIMIT %(size)s
        FOR UPDATE SKIP LOCKED)
    DELETE FROM payments_sighting WHERE id IN (SELECT id FROM old)
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    window: timedelta
    most_payments: int
    most_money: int
    lateness: timedelta

    @property
    def reach(self) -> timedelta:
        """What is older plays no part any more."""
        return self.window + self.lateness


def rules() -> Rules:
    return Rules(
        window=timedelta(seconds=settings.FRAUD_WINDOW_SECONDS),
        most_payments=settings.FRAUD_MOST_PAYMENTS,
        most_money=settings.FRAUD_MOST_AMOUNT,
        lateness=timedelta(seconds=settings.FRAUD_LATENESS_SECONDS),
    )


@transaction.atomic
def look_at(events: Sequence[PaymentAuthorised]) -> list[PaymentFlag]:
    """Payments of both owners. Returns the new flags, each of which is published."""
    oldest = timezone.now() - rules().lateness
    seen = [event for event in events if event.authorised_at >= oldest]
    if late := len(events) - len(seen):
        log.info("payments_too_old_for_the_fraud_check", payments=late)
    if not seen:
        return []
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [LOCKS, [event.customer_email for event in seen]])
    Sighting.objects.bulk_create([_sighting(event) for event in seen], ignore_conflicts=True)
    flags = _suspicious([event.order_number for event in seen])
    PaymentFlag.objects.bulk_create(flags)
    publish_many([_told(flag) for flag in flags])
    return flags


def prune() -> int:
    """What no window reaches any more."""
    before = timezone.now() - rules().reach
    return sum(delete_in_batches(DEFAULT_DB_ALIAS, PRUNE, {"before": before}, size=1_000))


def _suspicious(new: Sequence[str]) -> list[PaymentFlag]:
    known = rules()
    limits = {"window": known.window, "most": known.most_payments, "most_money": known.most_money}
    with connection.cursor() as cursor:
        cursor.execute(SUSPICIOUS, {"new": list(new), **limits})
        rows = cursor.fetchall()
    names = ("order_number", "customer_email", "rule", "count", "total", "made_at")
    seconds = settings.FRAUD_WINDOW_SECONDS
    return [PaymentFlag(**dict(zip(names, row, strict=True)), window_seconds=seconds) for row in rows]


def _sighting(event: PaymentAuthorised) -> Sighting:
    told = ("order_number", "customer_email", "amount", "currency")
    return Sighting(made_at=event.authorised_at, **{name: getattr(event, name) for name in told})


def _told(flag: PaymentFlag) -> PaymentFlagged:
    names = ("order_number", "customer_email", "rule", "count", "total", "window_seconds", "flagged_at")
    return PaymentFlagged(**{name: getattr(flag, name) for name in names})
