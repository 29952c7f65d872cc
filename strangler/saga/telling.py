"""Instances and their history as lines of text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import Count

from strangler.saga.databases import database
from strangler.saga.models import SagaInstance
from strangler.saga.registry import sagas

Status = SagaInstance.Status
SHOWN = 50


def table_lines() -> Iterator[str]:
    """Counts by saga and status: those that this project declares, and those of which only instances are left."""
    counts: dict[str, dict[str, int]] = defaultdict(dict, {name: {} for name in sagas.names()})
    known = SagaInstance.objects.using(database()).order_by()
    for name, status, count in known.values_list("saga", "status").annotate(Count("id")):
        counts[name][status] = count
    head = ("saga", *Status.values)
    yield from _table([head, *(_row(name, found) for name, found in sorted(counts.items()))])


def stuck_lines() -> Iterator[str]:
    """The latest that wait for a person, with what is wrong and what can be done."""
    stuck = SagaInstance.objects.using(database()).filter(status=Status.STUCK).order_by("saga", "-id")
    shown = list(stuck[: SHOWN + 1])
    for instance in shown[:SHOWN]:
        where = f"{'undoing' if instance.undoing else 'at'} {instance.step or 'the end'}"
        yield f"{instance}  stuck {where} since {_moment(instance)}: {last_line(instance)}"
        ways_out = ["resume"] if instance.undoing else ["resume", "compensate"]
        yield "  -> " + " | ".join(f"manage.py saga {way} {instance.saga} {instance.key}" for way in ways_out)
    if len(shown) > SHOWN:
        yield f"... and more: {SHOWN} are shown, the admin has all"


def history_lines(instance: SagaInstance) -> Iterator[str]:
    direction = "undone" if instance.undoing else "forwards"
    yield f"{instance}  {instance.status}, {direction}, correlation id {instance.correlation_id}"
    if instance.reason:
        yield f"  because: {instance.reason}"
    yield f"  data: {instance.data}"
    for entry in instance.history.all():
        at = entry.at.isoformat(sep=" ", timespec="milliseconds")
        event = f"  by event {entry.event_id}" if entry.event_id else ""
        person = f"  by {entry.by}" if entry.by else ""
        yield f"{at}  {entry}{person}{event}{f': {entry.note}' if entry.note else ''}"
    if instance.error:
        yield instance.error.rstrip()


def last_line(instance: SagaInstance) -> str:
    return instance.error.strip().rpartition("\n")[2]


def _row(name: str, found: dict[str, int]) -> tuple[str, ...]:
    shown = name if name in sagas.names() else f"{name} (no code here)"
    return shown, *(str(found.get(status, 0)) for status in Status.values)


def _moment(instance: SagaInstance) -> str:
    return instance.moved_at.isoformat(sep=" ", timespec="seconds")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
