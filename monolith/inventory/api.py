from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAdminUser

from monolith.inventory.models import StockItem
from monolith.inventory.selectors import stock_levels


class StockItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = StockItem
        fields = ["sku", "on_hand", "updated_at"]


class StockViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [IsAdminUser]
    serializer_class = StockItemSerializer
    queryset = stock_levels()
    lookup_field = "sku"
    lookup_value_regex = r"[-\w]+"
