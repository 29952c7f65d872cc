from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.idempotency import idempotent
from monolith.api.permissions import Staff, may
from monolith.api.raising import raises
from monolith.api.viewsets import ReadViewSet, checked
from monolith.errors import CaptureTooLarge
from monolith.money import CENT
from monolith.payments import services
from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.selectors import payment_of, payments


class LedgerEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = LedgerEntry
        fields = ["kind", "amount", "reference", "created_at"]
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer):
    capturable = serializers.DecimalField(12, 2, read_only=True)
    refundable = serializers.DecimalField(12, 2, read_only=True)
    entries = LedgerEntrySerializer(many=True, required=False, help_text="only for those who may read the ledger")

    class Meta:
        model = Payment
        fields = [
            *("order_number", "customer_email", "status", "currency", "authorised", "captured", "refunded"),
            *("capturable", "refundable", "created_at", "entries"),
        ]
        read_only_fields = fields

    def to_representation(self, instance: Payment) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context["request"].user.has_perm("payments.view_ledgerentry"):
            del shown["entries"]
        return shown


class CaptureSerializer(serializers.Serializer):
    amount = serializers.DecimalField(12, 2, min_value=CENT, required=False, help_text="all that is left by default")


class PaymentFilter(filters.FilterSet):
    created_at = filters.DateFromToRangeFilter(help_text="a day, UTC")

    class Meta:
        model = Payment
        fields = ["status", "currency", "customer_email"]


class PaymentViewSet(ReadViewSet):
    permission_classes = [Staff]
    serializer_class = PaymentSerializer
    queryset = payments()
    filterset_class = PaymentFilter
    ordering_fields = ("created_at", "authorised", "captured", "refunded")
    lookup_field = "order_number"
    lookup_value_regex = r"[-\w]+"

    def get_object(self) -> Payment:
        return payment_of(self.kwargs["order_number"].upper())

    @extend_schema(request=CaptureSerializer, responses=PaymentSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("payments.capture_payment")])
    @raises(CaptureTooLarge)
    @idempotent("capture")
    def capture(self, request: Request, order_number: str) -> Response:
        """Takes authorised money. What is shipped is captured without it."""
        services.capture(self.get_object().order_number, **checked(CaptureSerializer, request))
        return Response(self.get_serializer(self.get_object()).data)
