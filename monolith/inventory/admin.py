from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from monolith.backoffice import NeverDeleted, ReadOnly, ServiceAdmin
from monolith.inventory import services
from monolith.inventory.models import StockItem, StockMovement


class StockForm(forms.ModelForm):
    adjust_by = forms.IntegerField(help_text="Units received (positive) or written off (negative).")
    reason = forms.CharField(max_length=200, help_text="Goes into the ledger.")


@admin.register(StockItem)
class StockItemAdmin(NeverDeleted, ServiceAdmin):
    """`on_hand` isn't typed in, it is adjusted: every change needs its entry in the ledger."""

    form = StockForm
    fields = ["sku", "on_hand", "adjust_by", "reason"]
    list_display = ["sku", "on_hand", "updated_at"]
    list_filter = ["updated_at"]
    search_fields = ["sku"]

    def get_readonly_fields(self, request: HttpRequest, obj: StockItem | None = None) -> list[str]:
        return ["sku", "on_hand"] if obj else ["on_hand"]

    def save_model(self, request: HttpRequest, obj: StockItem, form: Any, change: bool) -> None:
        by, reason = form.cleaned_data["adjust_by"], form.cleaned_data["reason"]
        obj.pk = services.adjust_stock(obj.sku, by=by, reason=reason).pk


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, ServiceAdmin):
    list_display = ["sku", "quantity", "reason", "reference", "created_at"]
    list_filter = ["reason", "created_at"]
    search_fields = ["sku", "reference"]
