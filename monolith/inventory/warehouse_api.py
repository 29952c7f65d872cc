from typing import Any

from rest_framework import serializers

from monolith.api.permissions import Staff
from monolith.api.viewsets import ReadViewSet
from monolith.inventory.models import Warehouse
from monolith.inventory.selectors import warehouses


class WarehouseField(serializers.SlugRelatedField):
    """A warehouse by its code."""

    def __init__(self, **options: Any) -> None:
        super().__init__("code", queryset=warehouses(), **options)

    def to_internal_value(self, data: Any) -> Warehouse:
        return super().to_internal_value(serializers.SlugField(max_length=20).run_validation(data))


class WarehouseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Warehouse
        fields = ["code", "name", "country", "priority", "active"]
        read_only_fields = fields


class WarehouseViewSet(ReadViewSet):
    permission_classes = [Staff]
    serializer_class = WarehouseSerializer
    queryset = warehouses()
    lookup_field = "code"
    lookup_value_regex = r"[-\w]+"
