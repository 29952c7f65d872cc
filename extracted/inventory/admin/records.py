"""What events have written: people read it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from extracted.inventory.admin.pages import ReadOnly
from extracted.inventory.models import Ownership, Reservation, ShadowOutcome, StockChange, StockMovement, Warehouse


@admin.register(Warehouse)
class WarehouseAdmin(ReadOnly):
    list_display = ["code", "name", "country", "priority", "active"]
    search_fields = ["code", "name"]


@admin.register(Reservation)
class ReservationAdmin(ReadOnly):
    list_display = ["reference", "item", "quantity", "status", "expires_at", "created_at"]
    list_filter = ["status", "item__warehouse", "created_at"]
    list_select_related = ["item__warehouse"]
    search_fields = ["^reference", "^item__sku"]


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly):
    list_display = ["created_at", "item", "quantity", "reason", "reference"]
    list_filter = ["reason", "item__warehouse", "created_at"]
    list_select_related = ["item__warehouse"]
    search_fields = ["^item__sku", "^reference"]


@admin.register(Ownership)
class OwnershipAdmin(ReadOnly):
    """Moved by the monolith's stages, never by hand."""

    list_display = ["sku", "owner", "epoch", "since"]
    list_filter = ["owner", "since"]
    search_fields = ["^sku"]


@admin.register(StockChange)
class StockChangeAdmin(ReadOnly):
    list_display = ["asked_at", "kind", "reference", "status", "reason", "answered_at"]
    list_filter = ["status", "kind", "asked_at"]
    search_fields = ["^reference", "=change"]


class MismatchFilter(admin.SimpleListFilter):
    """Mismatches, unless somebody asks for all: they are what one comes for."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((cause.value, cause.label) for cause in ShadowOutcome.Cause if cause.value), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [{**first, "display": "All mismatches"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ShadowOutcome]) -> QuerySet[ShadowOutcome]:
        if self.value() == "all":
            return queryset
        return queryset.filter(cause=self.value()) if self.value() else queryset.exclude(cause="")


@admin.register(ShadowOutcome)
class ShadowOutcomeAdmin(ReadOnly):
    list_display = ["compared_at", "sku", "reference", "quantity", "theirs", "ours", "cause"]
    list_filter = [MismatchFilter, "compared_at"]
    search_fields = ["=sku", "^reference"]
