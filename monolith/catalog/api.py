from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from monolith.api.permissions import may
from monolith.api.raising import raises
from monolith.api.viewsets import ApiViewSet, ReadViewSet, Updates, checked
from monolith.catalog import services
from monolith.catalog.models import Category, Price, Product, Variant
from monolith.catalog.selectors import categories, product_on_sale, products_on_sale
from monolith.errors import NotFound, PriceRefused, ProductUnavailable
from monolith.money import CENT

SKU = r"[-\w]+"


class CategorySerializer(serializers.ModelSerializer):
    parent = serializers.SlugRelatedField("slug", read_only=True, allow_null=True)

    class Meta:
        model = Category
        fields = ["slug", "name", "parent"]


class VariantSerializer(serializers.ModelSerializer):
    price = serializers.DecimalField(12, 2, read_only=True, help_text="without tax")
    currency = serializers.CharField(read_only=True)

    class Meta:
        model = Variant
        fields = ["sku", "name", "price", "currency", "weight_grams"]
        read_only_fields = fields


class ProductSerializer(serializers.ModelSerializer):
    category = serializers.SlugRelatedField("slug", queryset=Category.objects.all())
    variants = VariantSerializer(many=True, read_only=True)

    class Meta:
        model = Product
        fields = ["slug", "name", "description", "category", "tax_class", "variants", "updated_at"]
        read_only_fields = ["slug", "updated_at"]


class NewPriceSerializer(serializers.Serializer):
    amount = serializers.DecimalField(12, 2, min_value=CENT, help_text="without tax")
    valid_from = serializers.DateTimeField(required=False, help_text="now by default")


class PriceSerializer(serializers.ModelSerializer):
    sku = serializers.CharField(source="variant.sku")

    class Meta:
        model = Price
        fields = ["sku", "amount", "currency", "valid_from"]
        read_only_fields = fields


class ProductFilter(filters.FilterSet):
    search = filters.CharFilter(max_length=200, help_text="words, as in a search engine, or a SKU; best match first")
    category = filters.CharFilter(max_length=60, help_text="a slug; what is in the categories below it counts too")

    def filter_queryset(self, _queryset: QuerySet[Product]) -> QuerySet[Product]:
        return products_on_sale(self.form.cleaned_data["search"], self.form.cleaned_data["category"])


class CategoryViewSet(ReadViewSet):
    permission_classes = [AllowAny]
    serializer_class = CategorySerializer
    queryset = categories()
    lookup_field = "slug"
    lookup_value_regex = SKU


class ProductViewSet(Updates, ReadViewSet):
    """What is on sale, for everybody. Staff with the right to may change what a page says."""

    http_method_names = ["get", "head", "options", "patch"]
    serializer_class = ProductSerializer
    queryset = products_on_sale()
    filterset_class = ProductFilter
    ordering_fields = ("name", "created_at")
    lookup_field = "slug"
    lookup_value_regex = SKU

    def get_permissions(self) -> list[Any]:
        return [may("catalog.change_product")() if self.request.method == "PATCH" else AllowAny()]

    def get_object(self) -> Product:
        return product_on_sale(self.kwargs["slug"])

    @transaction.atomic
    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        before = services.offers(serializer.instance)
        services.publish_changes(serializer.save(), before)


class VariantViewSet(ApiViewSet):
    """What is done to one variant, by its SKU."""

    serializer_class = PriceSerializer
    queryset = Variant.objects.none()
    lookup_field = "sku"
    lookup_value_regex = SKU

    @extend_schema(request=NewPriceSerializer, responses=PriceSerializer)
    @action(detail=True, methods=["post"], permission_classes=[may("catalog.add_price")])
    @raises(NotFound, PriceRefused)
    def price(self, request: Request, sku: str) -> Response:
        """From now on, or from a moment to come."""
        form = checked(NewPriceSerializer, request)
        price = services.change_price(sku, form["amount"], valid_from=form.get("valid_from"))
        return Response(PriceSerializer(price).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], permission_classes=[may("catalog.change_variant")])
    @raises(NotFound)
    def withdraw(self, _request: Request, sku: str) -> Response:
        """Take it off sale; what was ordered is still delivered."""
        services.withdraw(sku)
        return Response(status=204)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], url_path="put-on-sale", permission_classes=[may("catalog.change_variant")])
    @raises(NotFound, ProductUnavailable, PriceRefused)
    def put_on_sale(self, _request: Request, sku: str) -> Response:
        services.put_on_sale(sku)
        return Response(status=204)
