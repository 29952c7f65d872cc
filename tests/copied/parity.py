"""The service's side of what `tests.sample.parity` compares."""

from __future__ import annotations

from typing import Any

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast

from strangler.cutover import parity_copy
from tests.copied.models import Effect, Item


@parity_copy("effects", key="thing")
def effects() -> QuerySet[Effect, Any]:
    return Effect.objects.values("consumer_group", "thing", "step")


@parity_copy("numbered", key="id")
def numbered() -> QuerySet[Effect, Any]:
    return Effect.objects.values("id", "step", "handled_at")


@parity_copy("items", key="number")
def items() -> QuerySet[Item, Any]:
    return Item.objects.values("number", "value")


@parity_copy("fits_not", key="number")
def fits_not() -> QuerySet[Effect, Any]:
    return Effect.objects.values(number=F("id"), word=F("step"))


@parity_copy("floats", key="thing")
def floats() -> QuerySet[Effect, Any]:
    return Effect.objects.annotate(rough=Cast("step", FloatField())).values("thing", "rough")
