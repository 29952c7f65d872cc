from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from monolith.backoffice import ReadOnly, ServiceAdmin
from monolith.orders import services
from monolith.orders.models import Cart, CartItem, Order, OrderLine


class OrderLineInline(ReadOnly, admin.TabularInline):
    model = OrderLine
    extra = 0


@admin.register(Order)
class OrderAdmin(ReadOnly, ServiceAdmin):
    """Read-only: an order changes by what happens to it, and that is what the actions are for."""

    list_display = ["number", "customer_email", "status", "total", "currency", "placed_at"]
    list_filter = ["status", "currency", "placed_at"]
    search_fields = ["number", "customer_email", "customer_name"]
    inlines = [OrderLineInline]
    actions = ["cancel", "refund"]

    @admin.action(description="Cancel: goods back, money back, e-mail", permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self.apply(request, queryset, lambda order: services.cancel_order(order, "cancelled by the shop"), "Cancelled")

    @admin.action(description="Refund all that is left", permissions=["change"])
    def refund(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        self.apply(request, queryset, services.refund_order, "Refunded")


class CartItemInline(ReadOnly, admin.TabularInline):
    model = CartItem
    extra = 0


@admin.register(Cart)
class CartAdmin(ReadOnly, ServiceAdmin):
    """To look at, when a customer calls. The cart is hers to change."""

    list_display = ["customer", "created_at"]
    list_filter = ["created_at"]
    list_select_related = ["customer"]
    search_fields = ["customer__email", "customer__name"]
    inlines = [CartItemInline]
