from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import ReadOnly, ServiceAdmin
from monolith.inventory.models import KnownStock


class LevelFilter(admin.SimpleListFilter):
    title = "level"
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("low", "To reorder"), ("out", "Nothing available")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "low":
            return queryset.filter(warehouse__active=True, on_hand__lte=F("reserved") + F("reorder_level"))
        return queryset.filter(on_hand=F("reserved")) if self.value() == "out" else queryset


@admin.register(KnownStock)
class KnownStockAdmin(ReadOnly, ServiceAdmin):
    """What the inventory service last told of its stock. It is changed there."""

    list_display = ["sku", "warehouse", "on_hand", "reserved", "available", "reorder_level"]
    list_filter = [LevelFilter, "warehouse"]
    list_select_related = ["warehouse"]
    search_fields = ["^sku"]

    @admin.display(ordering=F("on_hand") - F("reserved"))
    def available(self, row: KnownStock) -> int:
        return row.available
