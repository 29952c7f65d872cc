from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from monolith.money import CENT, amount_field, currency_field


class Product(models.Model):
    """Never deleted: orders and stock refer to it by sku. Take it off sale with `active`."""

    sku = models.SlugField("SKU", max_length=40, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    price = amount_field(validators=[MinValueValidator(CENT)])
    currency = currency_field()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "sku"]
        indexes = [models.Index(fields=["name", "sku"], name="catalog_by_name")]
        constraints = [models.CheckConstraint(condition=Q(price__gt=0), name="catalog_price_positive")]

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"
