from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from extracted.reporting import selectors
from strangler.cutover.service.access import is_the_monolith

MOST_DAYS, MOST_MONTHS, MOST_ROWS = 3660, 120, 100


class TheMonolith(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return is_the_monolith(request)


class DaysSerializer(serializers.Serializer):
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=30)


class TopCustomersSerializer(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=10)


class TopProductsSerializer(DaysSerializer, TopCustomersSerializer):
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", default="EUR")


class CohortsSerializer(serializers.Serializer):
    months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, default=12)
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", default="EUR")


class TurnoverSerializer(TopCustomersSerializer):
    months = serializers.IntegerField(min_value=1, max_value=MOST_MONTHS, default=12)


class FiguresView(APIView):
    """`figures` answers what `asked` lets through; rows are told by their names. For staff, and for the monolith."""

    permission_classes = [IsAdminUser | TheMonolith]
    asked: type[serializers.Serializer]
    figures: Callable[..., list[Any]]

    def get(self, request: Request) -> Response:
        form = self.asked(data=request.query_params)
        form.is_valid(raise_exception=True)
        return Response([told(row) for row in self.figures(**form.validated_data)])


class SalesByDayView(FiguresView):
    """Orders and revenue of each day, oldest first, by currency."""

    def get(self, request: Request) -> Response:
        form = DaysSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        sales = selectors.sales_by_day(**form.validated_data)
        return Response({currency: [told(day) for day in days] for currency, days in sales.items()})


class TopProductsView(FiguresView):
    asked, figures = TopProductsSerializer, staticmethod(selectors.top_products)


class TopCustomersView(FiguresView):
    asked, figures = TopCustomersSerializer, staticmethod(selectors.top_customers)


class CohortsView(FiguresView):
    asked, figures = CohortsSerializer, staticmethod(selectors.cohorts)


class StockTurnoverView(FiguresView):
    asked, figures = TurnoverSerializer, staticmethod(selectors.stock_turnover)


def told(row: Any) -> dict[str, Any]:
    """By its names; money is text, as in the events: a float would lose its digits."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in row._asdict().items()}


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
