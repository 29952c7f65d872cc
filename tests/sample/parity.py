"""What is compared with the service in `tests.copied`."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from strangler.cutover import parity
from tests.sample.models import Effect, Item


@parity("sample", "effects", key="thing", backfill="sample.effects")
def effects() -> QuerySet[Effect, Any]:
    return Effect.objects.values("thing", "step", "consumer_group")


@parity("sample", "numbered", key="id")
def numbered() -> QuerySet[Effect, Any]:
    return Effect.objects.values("id", "step", "handled_at")


@parity("copies", "items", key="number", backfill="sample.items")
def items() -> QuerySet[Item, Any]:
    return Item.objects.values("number", "value")


@parity("misfits", "untold", key="thing")
def untold() -> QuerySet[Effect, Any]:
    return Effect.objects.values("thing")


@parity("misfits", "fits_not", key="word")
def fits_not() -> QuerySet[Effect, Any]:
    return Effect.objects.values("step", word=F("thing"))


@parity("misfits", "floats", key="thing")
def floats() -> QuerySet[Effect, Any]:
    return Effect.objects.values("thing")
