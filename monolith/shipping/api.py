from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.idempotency import idempotent
from monolith.api.lines import LineSerializer, LinesSerializer
from monolith.api.permissions import OwnerOrStaff, Staff, may
from monolith.api.raising import raises
from monolith.api.viewsets import ApiViewSet, ReadViewSet, checked
from monolith.errors import IllegalTransition, NothingToShip, NotReturnable
from monolith.orders.selectors import order_visible_to
from monolith.shipping import services
from monolith.shipping.models import Return, Shipment, ShipmentLine, TrackingEvent
from monolith.shipping.selectors import (
    packing_list,
    return_visible_to,
    returns_visible_to,
    shipment_visible_to,
    shipments_visible_to,
)


class GoodsSerializer(serializers.Serializer):
    """Units of one line of the order: in a parcel, or in a return."""

    sku = serializers.CharField(source="order_line.sku")
    name = serializers.CharField(source="order_line.name")
    quantity = serializers.IntegerField()


class TrackingEventSerializer(serializers.ModelSerializer):
    class Meta:
        model = TrackingEvent
        fields = ["status", "place", "reported_at"]
        validators = []  # reported twice it is recorded once; that is no mistake of the carrier's


class ShipmentSerializer(serializers.ModelSerializer):
    order_number = serializers.CharField(source="order.number", read_only=True)
    warehouse = serializers.CharField(read_only=True)
    lines = GoodsSerializer(many=True)
    tracking = TrackingEventSerializer(many=True)

    class Meta:
        model = Shipment
        fields = [
            *("number", "order_number", "warehouse", "status", "method", "carrier", "tracking_number"),
            *("packed_at", "dispatched_at", "delivered_at", "lines", "tracking"),
        ]
        read_only_fields = fields


class PackingLineSerializer(serializers.ModelSerializer):
    shipment = serializers.CharField(source="shipment.number", read_only=True)
    warehouse = serializers.CharField(source="shipment.warehouse", read_only=True)
    order_number = serializers.CharField(source="shipment.order.number", read_only=True)
    method = serializers.CharField(source="shipment.method", read_only=True)
    customer = serializers.CharField(source="shipment.order.customer.name", read_only=True)
    sku = serializers.CharField(source="order_line.sku", read_only=True)
    name = serializers.CharField(source="order_line.name", read_only=True)
    product = serializers.CharField(source="order_line.variant.product.name", read_only=True)
    packed_at = serializers.DateTimeField(source="shipment.packed_at", read_only=True)

    class Meta:
        model = ShipmentLine
        fields = [
            *("shipment", "warehouse", "order_number", "method", "customer"),
            *("sku", "name", "product", "quantity", "packed_at"),
        ]
        read_only_fields = fields


class ReturnSerializer(serializers.ModelSerializer):
    order_number = serializers.CharField(source="order.number", read_only=True)
    currency = serializers.CharField(source="order.currency", read_only=True)
    lines = GoodsSerializer(many=True)

    class Meta:
        model = Return
        fields = [
            *("number", "order_number", "status", "reason", "refunded", "currency"),
            *("requested_at", "closed_at", "lines"),
        ]
        read_only_fields = fields


class ShipSerializer(LinesSerializer):
    """What to pack."""

    lines = LineSerializer(many=True, required=False, max_length=500, help_text="all that is left by default")


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class RequestReturnSerializer(LinesSerializer, ReasonSerializer):
    """What shall go back, and why."""


class ShipmentFilter(filters.FilterSet):
    order_number = filters.CharFilter(field_name="order__number")
    warehouse = filters.CharFilter()

    class Meta:
        model = Shipment
        fields = ["status", "carrier", "tracking_number"]


class PackingFilter(filters.FilterSet):
    warehouse = filters.CharFilter(field_name="shipment__warehouse")


class ReturnFilter(filters.FilterSet):
    order_number = filters.CharFilter(field_name="order__number")

    class Meta:
        model = Return
        fields = ["status"]


class ShipmentViewSet(ReadViewSet):
    """Parcels: a customer's own, for staff everybody's."""

    permission_classes = [OwnerOrStaff]
    serializer_class = ShipmentSerializer
    filterset_class = ShipmentFilter
    ordering_fields = ("packed_at", "dispatched_at", "delivered_at")
    lookup_field = "number"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[Shipment]:
        return shipments_visible_to(self.request.user)

    def get_object(self) -> Shipment:
        return shipment_visible_to(self.request.user, self.kwargs["number"])

    @extend_schema(request=None, responses=ShipmentSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("shipping.deliver_shipment")])
    @raises(IllegalTransition)
    def deliver(self, _request: Request, number: str) -> Response:
        """The customer has it; with the last parcel the whole order is delivered."""
        services.deliver(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=TrackingEventSerializer, responses={201: TrackingEventSerializer})
    @action(detail=True, methods=["post"], permission_classes=[may("shipping.deliver_shipment")])
    def tracking(self, request: Request, number: str) -> Response:
        """What the carrier says; said again it is recorded once."""
        said = {"place": "", **checked(TrackingEventSerializer, request)}
        return Response(TrackingEventSerializer(services.report_tracking(self.get_object(), **said)).data, status=201)


class PackingListViewSet(mixins.ListModelMixin, ApiViewSet):
    """What lies packed and waits for the carrier, oldest first."""

    permission_classes = [Staff]
    serializer_class = PackingLineSerializer
    queryset = packing_list()
    filterset_class = PackingFilter


class ReturnViewSet(ReadViewSet):
    """Returns: a customer's own, for staff everybody's."""

    permission_classes = [OwnerOrStaff]
    serializer_class = ReturnSerializer
    filterset_class = ReturnFilter
    ordering_fields = ("requested_at", "closed_at")
    lookup_field = "number"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[Return]:
        return returns_visible_to(self.request.user)

    def get_object(self) -> Return:
        return return_visible_to(self.request.user, self.kwargs["number"])

    @extend_schema(request=None, responses=ReturnSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("shipping.close_return")])
    @raises(IllegalTransition)
    def receive(self, _request: Request, number: str) -> Response:
        """Goods back into stock, money back to the customer."""
        return Response(self.get_serializer(services.receive_return(self.get_object())).data)

    @extend_schema(request=ReasonSerializer, responses=ReturnSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("shipping.close_return")])
    @raises(IllegalTransition)
    def reject(self, request: Request, number: str) -> Response:
        returned = services.reject_return(self.get_object(), **checked(ReasonSerializer, request))
        return Response(self.get_serializer(returned).data)


class OrderShipmentsViewSet(ApiViewSet):
    """POST to an order's `ship/`: packs what is left of it, or some of it."""

    permission_classes = [may("shipping.ship_order")]
    serializer_class = ShipmentSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Shipment]:
        return shipments_visible_to(self.request.user)

    @extend_schema(request=ShipSerializer, responses={201: ShipmentSerializer(many=True)})
    @raises(NothingToShip, IllegalTransition)
    @idempotent("ship")
    def create(self, request: Request, number: str) -> Response:
        """One parcel per warehouse. Money that is only authorised is captured for what leaves."""
        order = order_visible_to(request.user, number)
        packed = services.ship(order, checked(ShipSerializer, request).get("lines"))
        parcels = self.get_queryset().filter(pk__in=[shipment.pk for shipment in packed])
        return Response(self.get_serializer(parcels, many=True).data, status=201)


class OrderReturnsViewSet(ApiViewSet):
    """POST to an order's `returns/`: its customer wants to send something back."""

    permission_classes = [OwnerOrStaff]
    serializer_class = ReturnSerializer

    def get_queryset(self) -> QuerySet[Return]:
        return returns_visible_to(self.request.user)

    @extend_schema(request=RequestReturnSerializer, responses={201: ReturnSerializer})
    @raises(NotReturnable)
    @idempotent("request_return")
    def create(self, request: Request, number: str) -> Response:
        form = checked(RequestReturnSerializer, request)
        returned = services.request_return(order_visible_to(request.user, number), form["lines"], form["reason"])
        return Response(self.get_serializer(returned).data, status=201)
