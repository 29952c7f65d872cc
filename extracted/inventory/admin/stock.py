from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest

from extracted.inventory import services
from extracted.inventory.admin.pages import ServiceAdmin
from extracted.inventory.models import StockItem
from extracted.inventory.selectors import owned_here


class StockForm(forms.ModelForm):
    adjust_by = forms.IntegerField(required=False, help_text="Units received (positive) or written off (negative).")
    reason = forms.CharField(max_length=200, required=False, help_text="Goes into the ledger.")
    reorder_level = forms.IntegerField(min_value=0, required=False, help_text="At or below so many units: reorder.")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.instance.pk and not data.get("adjust_by"):
            self.add_error("adjust_by", "How many units are there?")
        if data.get("adjust_by") and not data.get("reason"):
            self.add_error("reason", "Whoever reads the ledger will want to know why.")
        return data


class OwnerFilter(admin.SimpleListFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("service", "Owned here"), ("monolith", "Copies of the monolith's")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockItem]) -> QuerySet[StockItem]:
        here = owned_here().values("sku")
        if self.value() == "service":
            return queryset.filter(sku__in=here)
        return queryset.exclude(sku__in=here) if self.value() == "monolith" else queryset


@admin.register(StockItem)
class StockItemAdmin(ServiceAdmin):
    """`on_hand` isn't typed in, it is adjusted: every change needs its entry in the ledger."""

    form = StockForm
    list_display = ["sku", "warehouse", "on_hand", "reserved", "available", "reorder_level", "updated_at"]
    list_filter = [OwnerFilter, "warehouse", "updated_at"]
    list_select_related = ["warehouse"]
    search_fields = ["^sku"]

    @admin.display(ordering=F("on_hand") - F("reserved"))
    def available(self, item: StockItem) -> int:
        return item.available

    def get_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        levels = ["on_hand", "reserved", "available", "reorder_level", "updated_at"] if obj else []
        asked = ["adjust_by", "reason"] if self.has_change_permission(request, obj) else []
        return ["sku", "warehouse", *levels, *asked]

    def get_readonly_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        return ["sku", "warehouse", "on_hand", "reserved", "available", "updated_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: StockItem, form: Any, change: bool) -> None:
        if by := form.cleaned_data["adjust_by"]:
            reason, code = form.cleaned_data["reason"], obj.warehouse.code
            services.adjust_stock(obj.sku, by=by, reason=reason, warehouse=code)
            obj.pk = StockItem.objects.get(sku=obj.sku, warehouse=obj.warehouse).pk
        level = form.cleaned_data.get("reorder_level")
        if level is not None and "reorder_level" in form.changed_data:
            services.set_reorder_level(obj.sku, level, warehouse=obj.warehouse.code)
