from django.db.models import F, Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.idempotency import idempotent
from monolith.api.lines import MOST_UNITS, LineSerializer, LinesSerializer
from monolith.api.permissions import Staff, may
from monolith.api.raising import raises
from monolith.api.viewsets import ReadViewSet, checked
from monolith.errors import IllegalTransition, OutOfStock, StockElsewhere
from monolith.inventory import services
from monolith.inventory.models import Reservation, StockItem, Transfer
from monolith.inventory.selectors import reservations, stock_levels, transfers
from monolith.inventory.warehouse_api import WarehouseField


class StockItemSerializer(serializers.ModelSerializer):
    warehouse = WarehouseField()
    available = serializers.IntegerField(read_only=True)

    class Meta:
        model = StockItem
        fields = ["id", "sku", "warehouse", "on_hand", "reserved", "available", "reorder_level", "updated_at"]
        read_only_fields = fields


class AdjustmentSerializer(serializers.Serializer):
    sku = serializers.SlugField(max_length=40)
    warehouse = WarehouseField(required=False, help_text="the first active one by default")
    by = serializers.IntegerField(min_value=-MOST_UNITS, max_value=MOST_UNITS, help_text="negative: units are missing")
    reason = serializers.CharField(max_length=200, help_text="goes into the ledger")

    def validate_by(self, by: int) -> int:
        if by == 0:
            raise serializers.ValidationError("An adjustment by 0 changes nothing.")
        return by


class ReservationSerializer(serializers.ModelSerializer):
    sku = serializers.CharField(source="item.sku", read_only=True)
    warehouse = serializers.CharField(source="item.warehouse.code", read_only=True)

    class Meta:
        model = Reservation
        fields = ["id", "reference", "sku", "warehouse", "quantity", "status", "expires_at", "created_at"]
        read_only_fields = fields


class TransferSerializer(serializers.ModelSerializer):
    source = WarehouseField()
    destination = WarehouseField()
    lines = LineSerializer(many=True)

    class Meta:
        model = Transfer
        fields = [
            *("number", "source", "destination", "status"),
            *("created_at", "dispatched_at", "received_at", "lines"),
        ]
        read_only_fields = fields


class PlanTransferSerializer(LinesSerializer):
    """What goes where."""

    source = WarehouseField()
    destination = WarehouseField()


class StockFilter(filters.FilterSet):
    warehouse = filters.CharFilter(field_name="warehouse__code")
    low = filters.ChoiceFilter(
        choices=[("true", "to reorder"), ("false", "enough")],
        method="only_low",
        help_text="at or below the level at which to reorder, in an active warehouse",
    )

    class Meta:
        model = StockItem
        fields = ["sku"]

    def only_low(self, items: QuerySet[StockItem], _name: str, value: str) -> QuerySet[StockItem]:
        to_reorder = Q(warehouse__active=True, reorder_level__gte=F("on_hand") - F("reserved"))
        return items.filter(to_reorder) if value == "true" else items.exclude(to_reorder)


class ReservationFilter(filters.FilterSet):
    sku = filters.CharFilter(field_name="item__sku")
    warehouse = filters.CharFilter(field_name="item__warehouse__code")

    class Meta:
        model = Reservation
        fields = ["reference", "status"]


class TransferFilter(filters.FilterSet):
    source = filters.CharFilter(field_name="source__code")
    destination = filters.CharFilter(field_name="destination__code")

    class Meta:
        model = Transfer
        fields = ["status"]


class StockViewSet(ReadViewSet):
    """What lies where: one item per SKU and warehouse."""

    permission_classes = [Staff]
    serializer_class = StockItemSerializer
    queryset = stock_levels()
    filterset_class = StockFilter
    ordering_fields = ("sku", "on_hand", "reserved", "updated_at")
    lookup_value_regex = r"\d+"

    @extend_schema(request=AdjustmentSerializer, responses={201: StockItemSerializer})
    @action(detail=False, methods=["post"], permission_classes=[may("inventory.change_stockitem")])
    @raises(OutOfStock)
    @idempotent("adjust_stock")
    def adjustments(self, request: Request) -> Response:
        """Somebody counted, received or wrote off units; what was never in stock gets its item."""
        item = services.adjust_stock(**checked(AdjustmentSerializer, request))
        return Response(self.get_serializer(item).data, status=201)


class ReservationViewSet(ReadViewSet):
    permission_classes = [Staff]
    serializer_class = ReservationSerializer
    queryset = reservations()
    filterset_class = ReservationFilter
    ordering_fields = ("created_at", "expires_at")
    lookup_value_regex = r"\d+"


class TransferViewSet(ReadViewSet):
    permission_classes = [Staff]
    serializer_class = TransferSerializer
    queryset = transfers()
    filterset_class = TransferFilter
    ordering_fields = ("created_at",)
    lookup_field = "number"
    lookup_value_regex = r"[-\w]+"

    @extend_schema(request=PlanTransferSerializer, responses={201: TransferSerializer})
    @idempotent("plan_transfer")
    def create(self, request: Request) -> Response:
        """Nothing is reserved by a plan; whether there is enough shows on dispatch."""
        form = checked(PlanTransferSerializer, request)
        transfer = services.plan_transfer(form["source"], form["destination"], form["lines"])
        return self._answer(transfer, status=201)

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"], url_path="dispatch", permission_classes=[may("inventory.change_transfer")])
    @raises(IllegalTransition, OutOfStock, StockElsewhere)
    def dispatch_transfer(self, _request: Request, number: str) -> Response:
        """The units leave their warehouse."""
        return self._answer(services.dispatch_transfer(self.get_object()))

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("inventory.change_transfer")])
    @raises(IllegalTransition)
    def receive(self, _request: Request, number: str) -> Response:
        """The units have arrived."""
        return self._answer(services.receive_transfer(self.get_object()))

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("inventory.change_transfer")])
    @raises(IllegalTransition)
    def cancel(self, _request: Request, number: str) -> Response:
        return self._answer(services.cancel_transfer(self.get_object()))

    def _answer(self, transfer: Transfer, status: int = 200) -> Response:
        return Response(self.get_serializer(transfer).data, status=status)
