from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import Link, NeverDeleted, ReadOnly, ServiceAdmin, rows_of
from monolith.orders.models import Cart, CartItem, Promotion


class PromotionForm(forms.ModelForm):
    def clean_code(self) -> str:
        return self.cleaned_data["code"].strip().upper()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("valid_until") and data.get("valid_from") and data["valid_until"] <= data["valid_from"]:
            self.add_error("valid_until", "The end comes after the beginning.")
        return data


@admin.register(Promotion)
class PromotionAdmin(NeverDeleted, ServiceAdmin):
    """Ended with `valid_until`: orders and reports name the code for ever."""

    form = PromotionForm
    list_display = ["code", "kind", "value", "currency", "minimum", "valid_from", "valid_until", "redemptions"]
    list_filter = ["kind", "currency", "valid_from"]
    search_fields = ["code"]
    date_hierarchy = "valid_from"

    def get_readonly_fields(self, request: HttpRequest, obj: Promotion | None = None) -> list[str]:
        return ["code", "kind", "redemptions"] if obj else []

    def links(self, row: Promotion) -> list[Link]:
        return [rows_of("Orders", "orders.order", promotion_code__exact=row.code)]


class CartItemInline(ReadOnly, admin.TabularInline):
    model = CartItem

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartItem]:
        return super().get_queryset(request).select_related("variant")


@admin.register(Cart)
class CartAdmin(ReadOnly, ServiceAdmin):
    """To look at, when a customer calls. The cart is hers to change."""

    list_display = ["customer", "promotion", "created_at"]
    list_filter = ["promotion", "created_at"]
    list_select_related = ["customer", "promotion"]
    search_fields = ["customer__email", "customer__name"]
    date_hierarchy = "created_at"
    inlines = [CartItemInline]
