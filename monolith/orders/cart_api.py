from django.db.models import TextChoices
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monolith.api.idempotency import idempotent
from monolith.api.raising import raises
from monolith.api.viewsets import checked
from monolith.customers.selectors import customer_of, postal_address
from monolith.errors import (
    CalledOff,
    CannotShipThere,
    EmptyCart,
    GatewayUnavailable,
    MixedCurrencies,
    NoAnswerInTime,
    NotACustomer,
    NotFound,
    OutOfStock,
    PaymentDeclined,
    ProductUnavailable,
    PromotionRefused,
)
from monolith.orders import services
from monolith.orders.api import OrderSerializer
from monolith.orders.following import FOLLOWING, followed
from monolith.orders.models import Cart
from monolith.orders.selectors import cart_summary


class Method(TextChoices):
    STANDARD = "standard"
    EXPRESS = "express"


class Pay(TextChoices):
    NOW = "now", "the card is charged at once"
    ON_SHIPMENT = "on_shipment", "the amount is set aside now and taken when the goods leave"


class CartLineSerializer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.DecimalField(12, 2)
    line_total = serializers.DecimalField(20, 2)
    currency = serializers.CharField()
    available = serializers.BooleanField()


class CartSerializer(serializers.Serializer):
    """Tax and shipping are null while no country is asked for; `total` is without them then."""

    items = CartLineSerializer(many=True, source="lines")
    currency = serializers.CharField()
    subtotal = serializers.DecimalField(20, 2)
    discount = serializers.DecimalField(20, 2)
    shipping_cost = serializers.DecimalField(12, 2, allow_null=True)
    tax = serializers.DecimalField(20, 2, allow_null=True)
    total = serializers.DecimalField(20, 2)
    promotion_code = serializers.CharField()
    promotion_refused = serializers.CharField(help_text="why the code gives no discount")


class DestinationSerializer(serializers.Serializer):
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False, help_text="adds tax and shipping to the sums")
    shipping_method = serializers.ChoiceField(Method.choices, default=Method.STANDARD)


class QuantitySerializer(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1, max_value=999)


class AddItemSerializer(QuantitySerializer):
    sku = serializers.SlugField(max_length=40)


class PromotionSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=30)


class HoldSerializer(serializers.Serializer):
    held_until = serializers.DateTimeField()


class CheckoutSerializer(serializers.Serializer):
    address_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    card_token = serializers.CharField(max_length=100)
    shipping_method = serializers.ChoiceField(Method.choices, default=Method.STANDARD)
    pay = serializers.ChoiceField(Pay.choices, default=Pay.NOW)


def _answer(cart: Cart, status: int = 200) -> Response:
    return Response(CartSerializer(cart_summary(cart)).data, status=status)


@raises(NotACustomer)
class CartView(APIView):
    @extend_schema(parameters=[DestinationSerializer], responses=CartSerializer)
    @raises(CannotShipThere)
    def get(self, request: Request) -> Response:
        wanted = DestinationSerializer(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        summary = cart_summary(services.cart_of(request.user), **wanted.validated_data)
        return Response(CartSerializer(summary).data)


@raises(NotACustomer)
class CartItemsView(APIView):
    @extend_schema(request=AddItemSerializer, responses={201: CartSerializer})
    @raises(NotFound)
    def post(self, request: Request) -> Response:
        """Adds to what is there already."""
        cart = services.cart_of(request.user)
        services.add_to_cart(cart, **checked(AddItemSerializer, request))
        return _answer(cart, status=201)


@raises(NotACustomer)
class CartItemView(APIView):
    @extend_schema(request=QuantitySerializer, responses=CartSerializer)
    def patch(self, request: Request, sku: str) -> Response:
        cart = services.cart_of(request.user)
        services.change_quantity(cart, sku, **checked(QuantitySerializer, request))
        return _answer(cart)

    @extend_schema(request=None, responses={200: CartSerializer})
    @raises(never=(404,))
    def delete(self, request: Request, sku: str) -> Response:
        """Removing what isn't there is fine."""
        cart = services.cart_of(request.user)
        services.remove_from_cart(cart, sku)
        return _answer(cart)


@raises(NotACustomer)
class CartPromotionView(APIView):
    @extend_schema(request=PromotionSerializer, responses=CartSerializer)
    @raises(PromotionRefused)
    def put(self, request: Request) -> Response:
        """The code takes the place of an earlier one."""
        cart = services.cart_of(request.user)
        services.apply_promotion(cart, **checked(PromotionSerializer, request))
        cart.refresh_from_db()
        return _answer(cart)

    @extend_schema(request=None, responses={200: CartSerializer})
    def delete(self, request: Request) -> Response:
        cart = services.cart_of(request.user)
        services.remove_promotion(cart)
        cart.refresh_from_db()
        return _answer(cart)


@raises(NotACustomer)
class CartHoldView(APIView):
    @extend_schema(request=None, responses={201: HoldSerializer})
    @raises(EmptyCart, OutOfStock)
    def post(self, request: Request) -> Response:
        """Keeps the goods for somebody who is typing in a card number.

        Where another service keeps the stock, it is asked to; whether it can is certain once the order is placed.
        """
        held = services.hold(services.cart_of(request.user))
        return Response(HoldSerializer({"held_until": held.until}).data, status=201)


@raises(NotACustomer)
class CheckoutView(APIView):
    throttle_scope = "checkout"

    @extend_schema(request=CheckoutSerializer, responses={201: OrderSerializer}, parameters=FOLLOWING)
    @raises(
        *(NotFound, EmptyCart, ProductUnavailable, MixedCurrencies, PromotionRefused),
        *(CannotShipThere, OutOfStock, PaymentDeclined, GatewayUnavailable, NoAnswerInTime, CalledOff),
    )
    @followed
    @idempotent("checkout")
    def post(self, request: Request) -> Response:
        """The order is `placed`, or `pending` where stock and card take longer to find out about; then follow it at
        `Location`. What is refused after that cancels it, and `cancel_code` is the code of the problem.
        """
        form = checked(CheckoutSerializer, request)
        form["address"] = postal_address(customer_of(request.user), form.pop("address_id"))
        order = services.checkout(services.cart_of(request.user), **form)
        where = reverse("order-detail", args=[order.number])
        return Response(OrderSerializer(order).data, status=201, headers={"Location": where})
