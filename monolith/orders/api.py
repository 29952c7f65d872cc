from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.filters import MomentRangeFilter
from monolith.api.idempotency import idempotent
from monolith.api.permissions import OwnerOrStaff, may
from monolith.api.raising import raises
from monolith.api.viewsets import ReadViewSet, checked
from monolith.errors import IllegalTransition, OrderPending, RefundTooLarge
from monolith.money import CENT
from monolith.orders import services
from monolith.orders.following import WHILE_PENDING, told_when_to_ask_again
from monolith.orders.models import Order, OrderLine
from monolith.orders.selectors import order_visible_to, orders_visible_to


class OrderLineSerializer(serializers.ModelSerializer):
    total = serializers.DecimalField(12, 2, read_only=True, help_text="tax included")

    class Meta:
        model = OrderLine
        fields = ["sku", "name", "quantity", "unit_price", "discount", "tax_rate", "tax", "total"]
        read_only_fields = fields


class ShipToSerializer(serializers.Serializer):
    recipient = serializers.CharField()
    street = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()


class OrderSerializer(serializers.ModelSerializer):
    """`pending`: it will be `placed`, or `cancelled` with a `cancel_code`, within minutes. GET it to learn which.

    With `payment_retried_until` the goods are reserved and the bank does not answer: it may last until then.
    """

    ship_to = ShipToSerializer()
    lines = OrderLineSerializer(many=True)

    class Meta:
        model = Order
        fields = [
            *("number", "status", "subtotal", "discount", "shipping_cost", "tax", "total", "currency"),
            *("promotion_code", "shipping_method", "ship_to", "placed_at", "shipped_at", "delivered_at"),
            *("cancelled_at", "cancel_reason", "cancel_code", "payment_retried_until", "lines"),
        ]
        read_only_fields = fields


class CancelSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200, default="cancelled by the customer")


class RefundSerializer(serializers.Serializer):
    amount = serializers.DecimalField(12, 2, min_value=CENT, required=False, help_text="all that is left by default")


class OrderFilter(filters.FilterSet):
    placed = MomentRangeFilter(field_name="placed_at")

    class Meta:
        model = Order
        fields = ["status", "currency"]


class OrderViewSet(ReadViewSet):
    """Customers see and cancel their own orders, staff those of everybody."""

    permission_classes = [OwnerOrStaff]
    owner = "customer.user"
    serializer_class = OrderSerializer
    queryset = Order.objects.none()
    filterset_class = OrderFilter
    ordering_fields = ("placed_at", "total")
    lookup_field = "number"
    lookup_value_regex = r"[-\w]+"

    @extend_schema(parameters=[WHILE_PENDING])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return told_when_to_ask_again(super().retrieve(request, *args, **kwargs))

    def get_queryset(self) -> QuerySet[Order]:
        return orders_visible_to(self.request.user)

    def get_object(self) -> Order:
        return order_visible_to(self.request.user, self.kwargs["number"])

    def get_permissions(self) -> list[Any]:
        """A customer may cancel an order of hers; staff need the right to."""
        if self.action == "cancel" and self.request.user.is_staff:
            return [may("orders.cancel_order")()]
        return [OwnerOrStaff()] if self.action == "cancel" else super().get_permissions()

    @extend_schema(request=CancelSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    @raises(IllegalTransition, OrderPending)
    def cancel(self, request: Request, number: str) -> Response:
        """Before anything is shipped: goods free again, money back."""
        order = services.cancel_order(self.get_object(), **checked(CancelSerializer, request))
        return Response(OrderSerializer(order).data)

    @extend_schema(request=RefundSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("orders.refund_order")])
    @raises(IllegalTransition, RefundTooLarge)
    @idempotent("refund")
    def refund(self, request: Request, number: str) -> Response:
        """Money back; what was shipped stays with the customer. The order is `refunded` once all of it is back.

        Where the bank has to be asked first, that is a moment later: GET the order.
        """
        order = services.refund_order(self.get_object(), **checked(RefundSerializer, request))
        return Response(OrderSerializer(order).data)
