from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from monolith.backoffice.pages import Link, Newest, ReadOnly, ServiceAdmin, action, rows_of
from monolith.shipping import services
from monolith.shipping.admin.goods import GoodsInline
from monolith.shipping.models import Shipment, ShipmentLine, TrackingEvent
from monolith.shipping.selectors import packing_list, warehouse_names


class ShipmentLineInline(GoodsInline):
    model = ShipmentLine


class TrackingInline(ReadOnly, admin.TabularInline):
    model = TrackingEvent
    formset = Newest


@admin.register(Shipment)
class ShipmentAdmin(ReadOnly, ServiceAdmin):
    """Packed by the action on the order. One that the carrier lost is written off there, too."""

    list_display = ["number", "order", "warehouse", "status", "method", "carrier", "tracking_number", "packed_at"]
    list_filter = ["status", "warehouse", "method", "carrier", "packed_at"]
    list_select_related = ["order"]
    search_fields = ["^number", "^order__number", "^tracking_number", "order__customer_email"]
    date_hierarchy = "packed_at"
    change_list_template = "backoffice/shipments.html"
    inlines = [ShipmentLineInline, TrackingInline]
    actions = ["book_carrier", "deliver"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.packing_list)
        return [path("packing-list/", view, name="shipping_packing_list"), *super().get_urls()]

    def packing_list(self, request: HttpRequest) -> HttpResponse:
        """What to hand to the carrier, for the printer; `?warehouse=` is a code."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        code = request.GET.get("warehouse", "")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Packing list {code}".strip(),
            "lines": _with_names(packing_list(code)),
        }
        return TemplateResponse(request, "backoffice/packing_list.html", context)

    def links(self, row: Shipment) -> list[Link]:
        return [rows_of("Order", "orders.order", id__exact=row.order_id)]

    @action("Book the carrier again", needs="shipping.ship_order")
    def book_carrier(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        self.apply(request, queryset, services.book_carrier, "Booked")

    @action("Delivered: the customer has it", needs="shipping.deliver_shipment")
    def deliver(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        self.apply(request, queryset, services.deliver, "Delivered")


def _with_names(lines: QuerySet[ShipmentLine]) -> list[ShipmentLine]:
    """Each with what its warehouse is called; one that inventory does not know any more, by its code."""
    names = warehouse_names()
    for line in lines:
        line.warehouse_name = names.get(line.shipment.warehouse, line.shipment.warehouse)
    return list(lines)
