"""What comparisons came to, one row each: the gates ask for the latest, a person for how it got there."""

from __future__ import annotations

from dataclasses import asdict

from django.db import router, transaction
from django.utils import timezone

from strangler.cutover.models import ParityReport
from strangler.cutover.parity.comparing import Kind, Outcome


def latest_parity(context: str) -> list[ParityReport]:
    """The latest report of each name, in the order of the names."""
    return list(ParityReport.objects.filter(context=context).order_by("name", "-id").distinct("name"))


def record(context: str, name: str, outcome: Outcome) -> ParityReport:
    """A run is clean where it is complete and found no mismatch; what is still in flight says nothing against it."""
    with transaction.atomic(using=router.db_for_write(ParityReport)):
        before = ParityReport.objects.filter(context=context, name=name).first()
        now = timezone.now()
        clean = outcome.complete and not outcome.mismatches
        return ParityReport.objects.create(
            context=context,
            name=name,
            compared=outcome.compared,
            mismatches=outcome.mismatches,
            missing=len(outcome.keys[Kind.MISSING]),
            extra=len(outcome.keys[Kind.EXTRA]),
            in_flight=len(outcome.in_flight),
            complete=outcome.complete,
            clean_runs=(before.clean_runs if before else 0) + 1 if clean else 0,
            clean_since=(before and before.clean_since) or now if clean else None,
            examples=[asdict(example) for example in outcome.examples],
            requests=outcome.traffic.requests,
            bytes=outcome.traffic.sent + outcome.traffic.received,
            seconds=outcome.seconds,
            checked_at=now,
        )
