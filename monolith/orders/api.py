from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monolith.customers.selectors import customer_of, postal_address
from monolith.money import CENT
from monolith.orders import services
from monolith.orders.models import Cart, Order, OrderLine
from monolith.orders.selectors import cart_lines, order_visible_to, orders_visible_to


class OrderLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = OrderLine
        fields = ["sku", "name", "quantity", "unit_price"]


class OrderSerializer(serializers.ModelSerializer):
    lines = OrderLineSerializer(many=True)

    class Meta:
        model = Order
        fields = [
            *("number", "status", "total", "currency", "ship_to", "placed_at"),
            *("cancelled_at", "cancel_reason", "lines"),
        ]


class CartLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.DecimalField(12, 2)
    line_total = serializers.DecimalField(12, 2)
    currency = serializers.CharField()
    available = serializers.BooleanField()


class QuantitySerializer(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1, max_value=999)


class AddItemSerializer(QuantitySerializer):
    sku = serializers.CharField(max_length=40)


class CheckoutSerializer(serializers.Serializer):
    address_id = serializers.IntegerField(min_value=1)
    card_token = serializers.CharField(max_length=100)


class CancelSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200, default="cancelled by the customer")


class RefundSerializer(serializers.Serializer):
    amount = serializers.DecimalField(12, 2, min_value=CENT, required=False, help_text="all that is left by default")


def _checked(form: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    checked = form(data=request.data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data


def _cart_answer(cart: Cart, status: int = 200) -> Response:
    lines = cart_lines(cart)
    total = sum((line.line_total for line in lines), Decimal("0.00"))
    return Response({"items": CartLineSerializer(lines, many=True).data, "total": str(total)}, status=status)


class CartView(APIView):
    def get(self, request: Request) -> Response:
        return _cart_answer(services.cart_of(request.user))


class CartItemsView(APIView):
    def post(self, request: Request) -> Response:
        cart = services.cart_of(request.user)
        services.add_to_cart(cart, **_checked(AddItemSerializer, request))
        return _cart_answer(cart, status=201)


class CartItemView(APIView):
    def patch(self, request: Request, sku: str) -> Response:
        cart = services.cart_of(request.user)
        services.change_quantity(cart, sku, **_checked(QuantitySerializer, request))
        return _cart_answer(cart)

    def delete(self, request: Request, sku: str) -> Response:
        cart = services.cart_of(request.user)
        services.remove_from_cart(cart, sku)
        return _cart_answer(cart)


class CheckoutView(APIView):
    def post(self, request: Request) -> Response:
        form = _checked(CheckoutSerializer, request)
        address = postal_address(customer_of(request.user), form["address_id"])
        order = services.checkout(services.cart_of(request.user), address=address, card_token=form["card_token"])
        return Response(OrderSerializer(order).data, status=201)


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    serializer_class = OrderSerializer
    lookup_field = "number"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[Order]:
        return orders_visible_to(self.request.user)

    def get_object(self) -> Order:
        return order_visible_to(self.request.user, self.kwargs["number"])

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, number: str) -> Response:
        order = services.cancel_order(self.get_object(), **_checked(CancelSerializer, request))
        return Response(OrderSerializer(order).data)

    @action(detail=True, methods=["post"], permission_classes=[IsAdminUser])
    def refund(self, request: Request, number: str) -> Response:
        order = services.refund_order(self.get_object(), **_checked(RefundSerializer, request))
        return Response(OrderSerializer(order).data)
