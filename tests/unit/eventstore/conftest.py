from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from strangler.eventstore.models import StreamEvent
from strangler.messaging import Event
from tests.sample import projections as sample
from tests.sample.models import Effect
from tests.sample.streams import Deposited, accounts


def deposit(key: str, amount: int | str = 1) -> Deposited:
    return Deposited(account=key, amount=Decimal(amount), reason="")


def append(key: str, *events: Event, expected: int | None = None) -> int:
    with transaction.atomic():
        at = accounts.load(key).version if expected is None else expected
        return accounts.append(key, events or [deposit(key)], expected=at)


def record(
    category: str, key: str, version: int, wire_type: str, data: str, *, at: str = "2026-01-01 12:00Z"
) -> StreamEvent:
    """As code of another version did."""
    return StreamEvent.objects.create(
        category=category, key=key, version=version, type=wire_type, data=data, recorded_at=at,
        correlation_id="", causation_id="",
    )  # fmt: skip


def effects(projection: str = "moves") -> list[tuple[str, int]]:
    """What a projection was given, in the order of its commits."""
    return list(Effect.objects.filter(consumer_group=projection).order_by("id").values_list("thing", "step"))


def sql(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def _mended() -> Iterator[None]:
    yield
    sample.broken.clear()
