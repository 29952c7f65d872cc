from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from django_filters import rest_framework as filters
from rest_framework import serializers, viewsets
from rest_framework.decorators import action, api_view, authentication_classes, permission_classes
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny, BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from extracted.payments.models import LedgerAccount, LedgerPosting, PaymentFlag, PaymentView
from extracted.payments.selectors import accounts, flags, history, payments, postings_of
from strangler.cutover.service.access import is_the_monolith


class TheMonolith(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return is_the_monolith(request)


class Pages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200


class PaymentSerializer(serializers.ModelSerializer):
    capturable = serializers.DecimalField(12, 2)
    refundable = serializers.DecimalField(12, 2)

    class Meta:
        model = PaymentView
        fields = [
            *("order_number", "customer_email", "status", "currency", "authorised", "captured", "refunded"),
            *("capturable", "refundable", "in_hand", "created_at", "updated_at"),
        ]


class PostingSerializer(serializers.ModelSerializer):
    class Meta:
        model = LedgerPosting
        fields = ["version", "event", "account", "amount", "currency", "entered_at"]


class AccountSerializer(serializers.ModelSerializer):
    class Meta:
        model = LedgerAccount
        fields = ["account", "currency", "balance", "postings"]


class FlagSerializer(serializers.ModelSerializer):
    class Meta:
        model = PaymentFlag
        fields = [
            *("order_number", "customer_email", "rule", "count", "total", "window_seconds", "made_at", "flagged_at"),
        ]


class PaymentFilter(filters.FilterSet):
    created_at = filters.DateFromToRangeFilter(help_text="a day, UTC")

    class Meta:
        model = PaymentView
        fields = ["status", "currency", "customer_email"]


class ReadViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [IsAdminUser | TheMonolith]
    pagination_class = Pages
    filter_backends = [filters.DjangoFilterBackend]


class PaymentViewSet(ReadViewSet):
    """What is owned here, and copies of the rest."""

    serializer_class = PaymentSerializer
    queryset = payments()
    filterset_class = PaymentFilter
    lookup_field = "order_number"
    lookup_value_regex = r"[-\w]+"

    @action(detail=True)
    def postings(self, request: Request, order_number: str) -> Response:
        """What it means in the books."""
        entered = postings_of(self.get_object().order_number)
        return Response(PostingSerializer(entered, many=True).data)

    @action(detail=True)
    def events(self, request: Request, order_number: str) -> Response:
        """All that has happened to it."""
        told = history(self.get_object().order_number)
        return Response(
            [
                {
                    "version": each.version,
                    "type": each.event.event_type,
                    "recorded_at": each.recorded_at,
                    "correlation_id": each.correlation_id,
                    "causation_id": each.causation_id,
                    "data": each.event.model_dump(mode="json"),
                }
                for each in told
            ]
        )


class AccountViewSet(ReadViewSet):
    """Balances of one currency sum to nothing."""

    serializer_class = AccountSerializer
    queryset = accounts()
    filterset_fields = ["account", "currency"]


class FlagViewSet(ReadViewSet):
    serializer_class = FlagSerializer
    queryset = flags()
    filterset_fields = ["rule", "customer_email", "order_number"]


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
