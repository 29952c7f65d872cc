from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monolith.api.permissions import may
from monolith.reporting import capabilities, selectors

MOST_DAYS = 3660


class DaysSerializer(serializers.Serializer):
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=30, help_text="ending today, UTC")


class TopSerializer(DaysSerializer):
    limit = serializers.IntegerField(min_value=1, max_value=100, default=10)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", default="EUR")


class MoneyByCurrency(serializers.DictField):
    child = serializers.DecimalField(20, 2)


class FiguresSerializer(serializers.Serializer):
    """Of today (UTC) those up to `new_customers`, of this moment the others."""

    day = serializers.DateField()
    orders = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    revenue = MoneyByCurrency()
    refunded = MoneyByCurrency()
    new_customers = serializers.IntegerField()
    to_ship = serializers.IntegerField()
    under_way = serializers.IntegerField()
    open_returns = serializers.IntegerField()
    low_stock = serializers.IntegerField()
    failed_emails = serializers.IntegerField()


class DaySalesSerializer(serializers.Serializer):
    day = serializers.DateField()
    orders = serializers.IntegerField()
    revenue = serializers.DecimalField(20, 2)


class SalesSerializer(serializers.Serializer):
    currency = serializers.CharField()
    days = DaySalesSerializer(many=True)


class TopProductSerializer(serializers.Serializer):
    sku = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField()
    units = serializers.IntegerField()
    revenue = serializers.DecimalField(20, 2, help_text="without tax, after discounts")
    currency = serializers.CharField()


class Report(APIView):
    permission_classes = [may("reporting.view_dailysales")]


class TodayView(Report):
    @extend_schema(responses=FiguresSerializer)
    def get(self, _request: Request) -> Response:
        """Today's figures."""
        return Response(FiguresSerializer(selectors.today()).data)


class SalesView(Report):
    @extend_schema(parameters=[DaysSerializer], responses=SalesSerializer(many=True), filters=False)
    def get(self, request: Request) -> Response:
        """Orders and revenue of each day, oldest first, by currency."""
        sales = capabilities.sales_by_day(**_asked(DaysSerializer, request), viewer=str(request.user.pk))
        rows = [{"currency": currency, "days": days} for currency, days in sales.items()]
        return Response(SalesSerializer(rows, many=True).data)


class TopProductsView(Report):
    @extend_schema(parameters=[TopSerializer], responses=TopProductSerializer(many=True), filters=False)
    def get(self, request: Request) -> Response:
        """What brought in most, in one currency; cancelled and refunded orders left out."""
        best = capabilities.top_products(**_asked(TopSerializer, request), viewer=str(request.user.pk))
        return Response(TopProductSerializer(best, many=True).data)


def _asked(form: type[serializers.Serializer], request: Request) -> dict[str, object]:
    filled = form(data=request.query_params)
    filled.is_valid(raise_exception=True)
    return filled.validated_data
