from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from monolith.backoffice.forms import Amount, Reason
from monolith.backoffice.pages import Link, ReadOnly, ServiceAdmin, action, answers, rows_of
from monolith.errors import NotFound
from monolith.orders import services
from monolith.orders.models import Order, OrderLine
from monolith.orders.write_off import lost_parcels_of, write_off_lost_parcel
from monolith.shipping import services as shipping


class OrderLineInline(ReadOnly, admin.TabularInline):
    model = OrderLine
    fields = ["sku", "name", "quantity", "unit_price", "discount", "tax_rate", "tax", "in_all", "warehouse"]
    readonly_fields = ["in_all"]
    show_change_link = False

    @admin.display(description="total")
    def in_all(self, line: OrderLine) -> Decimal:
        return line.total


class Parcels(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.number}, order {obj.order}, {obj.carrier} {obj.tracking_number}"


class LostParcels(forms.Form):
    parcels = Parcels(
        None,
        widget=forms.CheckboxSelectMultiple,
        help_text="Under way, and given up by the carrier. The customer gets the money for them back.",
    )

    def __init__(self, data: object, orders: QuerySet[Order]) -> None:
        super().__init__(data)
        self.fields["parcels"].queryset = lost_parcels_of(orders)


@admin.register(Order)
class OrderAdmin(ReadOnly, ServiceAdmin):
    """Read-only: an order changes by what happens to it, and that is what the actions are for."""

    list_display = ["number", "customer_name", "customer_email", "status", "total", "currency", "placed_at"]
    list_filter = ["status", "currency", "shipping_method", "placed_at"]
    search_fields = ["^number", "customer_email", "customer_name"]
    date_hierarchy = "placed_at"
    inlines = [OrderLineInline]
    actions = ["ship", "cancel", "refund", "write_off"]
    fieldsets = [
        (None, {"fields": [("number", "status"), ("placed_at", "shipped_at", "delivered_at")]}),
        ("Customer", {"fields": [("customer", "customer_name", "customer_email"), ("send_to", "shipping_method")]}),
        (
            "Money",
            {"fields": [("subtotal", "discount", "promotion_code"), ("shipping_cost", "tax"), ("total", "currency")]},
        ),
        ("Cancellation", {"fields": [("cancelled_at", "cancel_reason", "cancel_code")], "classes": ["collapse"]}),
    ]
    readonly_fields = ["send_to"]

    @admin.display(description="ship to")
    def send_to(self, order: Order) -> str:
        where = order.ship_to
        return f"{where['recipient']}, {where['street']}, {where['postal_code']} {where['city']}, {where['country']}"

    def links(self, row: Order) -> list[Link]:
        return [
            rows_of("Parcels", "shipping.shipment", order__id__exact=row.pk),
            rows_of("Returns", "shipping.return", order__id__exact=row.pk),
            rows_of("Payment", "payments.payment", order_number__exact=row.number),
            rows_of("Checkout", "strangler_saga.sagainstance", saga__exact="checkout", key__exact=row.number),
            rows_of("E-mails", "notifications.email", order_number__exact=row.number),
        ]

    @action("Ship all that is left", needs="shipping.ship_order")
    def ship(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self.apply(request, queryset, shipping.ship, "Packed")

    @action("Cancel: goods back, money back, e-mail", needs="orders.cancel_order")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self.ask(request, queryset, Reason(answers(request)), services.cancel_order, "Cancelled")

    @action("Refund", needs="orders.refund_order")
    def refund(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        return self.ask(request, queryset, Amount(answers(request)), services.refund_order, "Refunded")

    @action("Write off lost parcels", needs="shipping.write_off_shipment")
    def write_off(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        form = LostParcels(answers(request), queryset)
        if not form.fields["parcels"].queryset.exists():
            raise NotFound("There is no parcel under way, so none can be lost.")
        return self.ask(request, queryset, form, _write_off, "Orders with parcels written off")


def _write_off(order: Order, parcels: QuerySet) -> None:
    for parcel in parcels:
        if parcel.order_id == order.pk:
            write_off_lost_parcel(parcel)
