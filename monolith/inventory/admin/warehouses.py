from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from monolith.backoffice.pages import Link, NeverDeleted, ServiceAdmin, rows_of
from monolith.inventory import services
from monolith.inventory.models import Warehouse


@admin.register(Warehouse)
class WarehouseAdmin(NeverDeleted, ServiceAdmin):
    list_display = ["code", "name", "country", "priority", "active"]
    list_filter = ["active", "country"]
    search_fields = ["code", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Warehouse | None = None) -> list[str]:
        """Events name a warehouse by its code."""
        return ["code"] if obj else []

    def save_model(self, request: HttpRequest, obj: Warehouse, form: Any, change: bool) -> None:
        services.save_warehouse(obj)

    def links(self, row: Warehouse) -> list[Link]:
        return [rows_of("Stock", "inventory.stockitem", warehouse__id__exact=row.pk)]
