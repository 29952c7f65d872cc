from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from extracted.reporting.models import (
    CohortMonth,
    Customer,
    Generation,
    Product,
    ProductDay,
    SalesDay,
    Serving,
    StockMonth,
)


class ReadOnly(admin.ModelAdmin):
    """Events write all of it, and commands move from one generation to the next."""

    show_full_result_count = False

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False


@admin.register(Generation)
class GenerationAdmin(ReadOnly):
    list_display = ["number", "group", "opened_at", "retired_at"]


@admin.register(Serving)
class ServingAdmin(ReadOnly):
    list_display = ["generation", "previous", "since"]


@admin.register(SalesDay)
class SalesDayAdmin(ReadOnly):
    list_display = ["day", "currency", "orders", "revenue", "generation"]
    list_filter = ["generation", "currency"]
    date_hierarchy = "day"


@admin.register(ProductDay)
class ProductDayAdmin(ReadOnly):
    list_display = ["day", "sku", "units", "revenue", "currency", "generation"]
    list_filter = ["generation", "currency"]
    search_fields = ["=sku"]


@admin.register(CohortMonth)
class CohortMonthAdmin(ReadOnly):
    list_display = ["first", "month", "customers", "orders", "revenue", "currency", "generation"]
    list_filter = ["generation", "currency"]


@admin.register(StockMonth)
class StockMonthAdmin(ReadOnly):
    list_display = ["month", "sku", "moved", "shipped", "returned", "generation"]
    list_filter = ["generation"]
    search_fields = ["=sku"]


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    list_display = ["name", "email", "orders", "lifetime_value", "last_order_at", "generation"]
    list_filter = ["generation"]
    search_fields = ["email", "name"]


@admin.register(Product)
class ProductAdmin(ReadOnly):
    list_display = ["sku", "name", "category", "generation"]
    list_filter = ["generation"]
    search_fields = ["=sku", "name"]
