from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAdminUser

from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.selectors import payments


class LedgerEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = LedgerEntry
        fields = ["kind", "amount", "reference", "created_at"]


class PaymentSerializer(serializers.ModelSerializer):
    entries = LedgerEntrySerializer(many=True)

    class Meta:
        model = Payment
        fields = ["order_number", "currency", "authorised", "captured", "refunded", "created_at", "entries"]


class PaymentViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [IsAdminUser]
    serializer_class = PaymentSerializer
    queryset = payments()
    lookup_field = "order_number"
    lookup_value_regex = r"[-\w]+"
