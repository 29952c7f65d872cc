"""What a request may name units by: lines of a SKU and a quantity."""

from typing import Any

from rest_framework import serializers

MOST_UNITS = 1_000_000


class LineSerializer(serializers.Serializer):
    sku = serializers.SlugField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)


class LinesSerializer(serializers.Serializer):
    """To derive from. A form's `lines` come out as services take them: quantities by SKU."""

    lines = LineSerializer(many=True, allow_empty=False, max_length=500)

    def validate_lines(self, lines: list[dict[str, Any]]) -> dict[str, int]:
        quantities = {line["sku"]: line["quantity"] for line in lines}
        if len(quantities) < len(lines):
            raise serializers.ValidationError("Name each SKU once, with all its units.")
        return quantities
