"""What monolith and service compare. Both sides of the sample project are one code base, with a database each."""

from __future__ import annotations

from typing import Any

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast

from strangler.cutover import parity, parity_copy
from tests.sample.models import Effect


@parity("sample", "effects", key="thing", backfill="sample.effects")
@parity_copy("effects", key="thing")
def effects() -> QuerySet[Effect, Any]:
    return Effect.objects.values("thing", "step", "consumer_group")


@parity("sample", "numbered", key="id")
@parity_copy("numbered", key="id")
def numbered() -> QuerySet[Effect, Any]:
    return Effect.objects.values("id", "step", "handled_at")


@parity("misfits", "untold", key="thing")
def untold() -> QuerySet[Effect, Any]:
    return Effect.objects.values("thing")


@parity("misfits", "fits_not", key="word")
def fits_not() -> QuerySet[Effect, Any]:
    return Effect.objects.values("step", word=F("thing"))


@parity_copy("fits_not", key="number")
def fits_not_either() -> QuerySet[Effect, Any]:
    return Effect.objects.values(number=F("id"), word=F("step"))


@parity("misfits", "floats", key="thing")
def whole() -> QuerySet[Effect, Any]:
    return Effect.objects.values("thing")


@parity_copy("floats", key="thing")
def floats() -> QuerySet[Effect, Any]:
    return Effect.objects.annotate(rough=Cast("step", FloatField())).values("thing", "rough")
