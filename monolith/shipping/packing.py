"""The packers' list of orders to see to. It is nobody's order: shipping keeps it by what it hears of others."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from monolith.shipping.models import PackingJob

Status = PackingJob.Status


def open_jobs(since: Mapping[str, datetime]) -> None:
    """By order number. One that is known stays as it is: what ended it may have been heard of first."""
    PackingJob.objects.bulk_create(
        [PackingJob(order_number=number, opened_at=moment) for number, moment in since.items()], ignore_conflicts=True
    )


@transaction.atomic
def end_jobs(order_numbers: Iterable[str], status: Status) -> None:
    """Of orders that were not heard of yet too: then there is nothing to open any more. The first end counts."""
    numbers, now = list(order_numbers), timezone.now()
    open_jobs(dict.fromkeys(numbers, now))
    still_open = PackingJob.objects.filter(order_number__in=numbers, status=Status.OPEN)
    still_open.update(status=status, ended_at=now)
