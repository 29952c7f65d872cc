from django.db.models import QuerySet
from rest_framework import serializers, viewsets
from rest_framework.permissions import AllowAny

from monolith.catalog.models import Product
from monolith.catalog.selectors import product_on_sale, products_on_sale


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ["sku", "name", "description", "price", "currency"]


class ProductViewSet(viewsets.ReadOnlyModelViewSet):
    """What is on sale; `?search=` looks in name, description and sku."""

    permission_classes = [AllowAny]
    serializer_class = ProductSerializer
    lookup_field = "sku"
    lookup_value_regex = r"[-\w]+"

    def get_queryset(self) -> QuerySet[Product]:
        search = serializers.CharField(allow_blank=True, max_length=200)
        return products_on_sale(search.run_validation(self.request.query_params.get("search", "")))

    def get_object(self) -> Product:
        return product_on_sale(self.kwargs["sku"])
