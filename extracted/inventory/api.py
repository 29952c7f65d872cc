from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.exceptions import APIException
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny, BasePermission, DjangoModelPermissions, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from extracted.inventory import services
from extracted.inventory.errors import InventoryError
from extracted.inventory.models import Reservation, StockItem, Warehouse
from extracted.inventory.selectors import availability, low_stock, reservations, stock_levels, warehouses
from strangler.cutover.service.access import is_the_monolith

MOST_SKUS, MOST_UNITS = 500, 1_000_000


class TheMonolith(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return is_the_monolith(request)


class MayChangeStock(DjangoModelPermissions):
    """Staff whose role may change stock items."""

    perms_map = {"POST": ["inventory.change_stockitem"], "OPTIONS": []}

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_staff and request.user.has_perms(self.perms_map["POST"]))


class Refused(APIException):
    """409 with the text for people, and the code for programs."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, error: InventoryError) -> None:
        super().__init__({"detail": str(error), "code": error.code})


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200


class WarehouseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Warehouse
        fields = ["code", "name", "country", "priority", "active"]


class StockItemSerializer(serializers.ModelSerializer):
    warehouse = serializers.CharField(source="warehouse.code")
    available = serializers.IntegerField()

    class Meta:
        model = StockItem
        fields = ["id", "sku", "warehouse", "on_hand", "reserved", "available", "reorder_level", "updated_at"]


class ReservationSerializer(serializers.ModelSerializer):
    sku = serializers.CharField(source="item.sku")
    warehouse = serializers.CharField(source="item.warehouse.code")

    class Meta:
        model = Reservation
        fields = ["id", "reference", "sku", "warehouse", "quantity", "status", "expires_at", "created_at"]


class AvailabilitySerializer(serializers.Serializer):
    sku = serializers.ListField(child=serializers.SlugField(max_length=40), min_length=1, max_length=MOST_SKUS)


class AdjustmentSerializer(serializers.Serializer):
    """`change` makes it safe to ask again: a UUID of one's own."""

    sku = serializers.SlugField(max_length=40)
    warehouse = serializers.SlugRelatedField("code", queryset=warehouses(), required=False)
    by = serializers.IntegerField(min_value=-MOST_UNITS, max_value=MOST_UNITS)
    reason = serializers.CharField(max_length=200)
    change = serializers.UUIDField(required=False)

    def validate_by(self, by: int) -> int:
        if by == 0:
            raise serializers.ValidationError("An adjustment by 0 changes nothing.")
        return by

    def validate_warehouse(self, warehouse: Warehouse) -> str:
        return warehouse.code


class LineSerializer(serializers.Serializer):
    sku = serializers.SlugField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)


class HoldSerializer(serializers.Serializer):
    reference = serializers.CharField(max_length=40)
    lines = LineSerializer(many=True, allow_empty=False, max_length=MOST_SKUS)
    expires_at = serializers.DateTimeField()
    change = serializers.UUIDField(required=False)

    def validate_lines(self, lines: list[dict[str, Any]]) -> dict[str, int]:
        quantities = {line["sku"]: line["quantity"] for line in lines}
        if len(quantities) < len(lines):
            raise serializers.ValidationError("One line for each SKU.")
        return quantities

    def validate_expires_at(self, expires_at: Any) -> Any:
        if expires_at <= timezone.now():
            raise serializers.ValidationError("This is over already.")
        return expires_at


class StockFilter(filters.FilterSet):
    warehouse = filters.CharFilter(field_name="warehouse__code")
    low = filters.BooleanFilter(method="only_low", help_text="at or below the level at which to reorder")

    class Meta:
        model = StockItem
        fields = ["sku"]

    def only_low(self, items: QuerySet[StockItem], _name: str, low: bool) -> QuerySet[StockItem]:
        to_reorder = low_stock().order_by().values("pk")
        return items.filter(pk__in=to_reorder) if low else items.exclude(pk__in=to_reorder)


class ReservationFilter(filters.FilterSet):
    sku = filters.CharFilter(field_name="item__sku")

    class Meta:
        model = Reservation
        fields = ["reference", "status"]


class ReadViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [IsAdminUser | TheMonolith]
    pagination_class = Pages
    filter_backends = [filters.DjangoFilterBackend]
    lookup_value_regex = r"\d+"


class WarehouseViewSet(ReadViewSet):
    serializer_class = WarehouseSerializer
    queryset = warehouses()
    lookup_field = "code"
    lookup_value_regex = r"[-\w]+"


class StockViewSet(ReadViewSet):
    """What lies where, one item per SKU and warehouse: what is owned here, and copies of the rest."""

    serializer_class = StockItemSerializer
    queryset = stock_levels()
    filterset_class = StockFilter


class ReservationViewSet(ReadViewSet):
    serializer_class = ReservationSerializer
    queryset = reservations()
    filterset_class = ReservationFilter


class AvailabilityView(APIView):
    """`?sku=a&sku=b`: units of each that nobody has reserved, over all active warehouses, in one query."""

    permission_classes = [IsAdminUser | TheMonolith]

    def get(self, request: Request) -> Response:
        form = AvailabilitySerializer(data={"sku": request.query_params.getlist("sku")})
        form.is_valid(raise_exception=True)
        return Response(availability(form.validated_data["sku"]))


class AdjustmentView(APIView):
    """Somebody counted, received or wrote off units of a SKU that is owned here."""

    permission_classes = [MayChangeStock]

    def post(self, request: Request) -> Response:
        form = AdjustmentSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            done = services.adjust_stock(**form.validated_data)
        except InventoryError as error:
            raise Refused(error) from error
        item = stock_levels().get(sku=done.sku, warehouse__code=done.warehouse)
        return Response(StockItemSerializer(item).data, status=status.HTTP_201_CREATED)


class HoldView(APIView):
    """All lines are held until `expires_at`, or none: then 409, with the text for whoever wanted them."""

    permission_classes = [TheMonolith]

    def post(self, request: Request) -> Response:
        form = HoldSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        told = dict(form.validated_data)
        try:
            lines = services.hold(told.pop("reference"), told.pop("lines"), **told)
        except InventoryError as error:
            raise Refused(error) from error
        return Response({"lines": [line.model_dump() for line in lines]})


@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def health(_request: Request) -> Response:
    """200 while the database answers, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return Response({"status": "unavailable", "database": type(error).__name__}, status=503)
    return Response({"status": "ok", "database": "ok"})
