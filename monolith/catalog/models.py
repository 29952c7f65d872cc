from decimal import Decimal

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from monolith.money import CENT, amount_field, currency_field


class Category(models.Model):
    """A tree, seldom deeper than two; a product stands in one category."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What a page of the catalogue shows. Sold are its variants, each with its own SKU.

    Never deleted: orders and stock refer to it. Take it off sale with `active`.
    """

    class TaxClass(models.TextChoices):
        STANDARD = "standard"
        REDUCED = "reduced"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    tax_class = models.CharField(max_length=10, choices=TaxClass, default=TaxClass.STANDARD)
    active = models.BooleanField(default=True)
    # Kept by PostgreSQL itself, so no write can forget it. English stemming; the name weighs more than the description.
    search = models.GeneratedField(
        expression=SearchVector("name", weight="A", config="english")
        + SearchVector("description", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "slug"]
        indexes = [
            models.Index(fields=["name", "slug"], name="catalog_by_name"),
            GinIndex(fields=["search"], name="catalog_search"),
        ]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """One size or colour of a product: the thing with a SKU, a price, a weight and a stock. Never deleted either."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants")
    sku = models.SlugField("SKU", max_length=40, unique=True)
    name = models.CharField(max_length=100, blank=True, help_text="empty where a product has only one variant")
    weight_grams = models.PositiveIntegerField(default=500)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["sku"]

    def __str__(self) -> str:
        return self.sku

    @property
    def full_name(self) -> str:
        return f"{self.product.name}, {self.name}" if self.name else self.product.name


class Price(models.Model):
    """What a variant costs, without tax, from a moment on and until the next price begins."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="prices")
    amount = amount_field(validators=[MinValueValidator(CENT)])
    currency = currency_field()
    valid_from = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=Decimal(0)), name="catalog_price_positive"),
            models.UniqueConstraint(fields=["variant", "valid_from"], name="catalog_one_price_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} from {self.valid_from:%Y-%m-%d %H:%M}"
