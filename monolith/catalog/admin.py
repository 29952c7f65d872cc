from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from monolith.backoffice import NeverDeleted, ServiceAdmin
from monolith.catalog import services
from monolith.catalog.models import Product


@admin.register(Product)
class ProductAdmin(NeverDeleted, ServiceAdmin):
    list_display = ["sku", "name", "price", "currency", "active", "updated_at"]
    list_filter = ["active", "currency"]
    search_fields = ["sku", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return ["sku", "currency"] if obj else []

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if change and "price" in form.changed_data:
            services.change_price(obj.sku, obj.price)
        super().save_model(request, obj, form, change)
