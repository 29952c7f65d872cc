from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice.pages import ReadOnly
from monolith.shipping.models import ReturnLine, ShipmentLine


class GoodsInline(ReadOnly, admin.TabularInline):
    """What is in a parcel, or in a return: units of lines of the order."""

    fields = ["sku", "name", "quantity"]
    readonly_fields = ["sku", "name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("order_line")

    @admin.display(description="SKU")
    def sku(self, line: ShipmentLine | ReturnLine) -> str:
        return line.order_line.sku

    def name(self, line: ShipmentLine | ReturnLine) -> str:
        return line.order_line.name
