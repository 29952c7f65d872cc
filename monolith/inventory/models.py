from django.db import models
from django.db.models import Q

from monolith.ledger import AppendOnly


class StockItem(models.Model):
    sku = models.SlugField("SKU", max_length=40, unique=True)
    on_hand = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["sku"]
        constraints = [models.CheckConstraint(condition=Q(on_hand__gte=0), name="inventory_never_negative")]

    def __str__(self) -> str:
        return f"{self.sku}: {self.on_hand}"


class StockMovement(AppendOnly):
    """Why `on_hand` is what it is: for each sku it equals the sum over this ledger."""

    class Reason(models.TextChoices):
        TAKEN = "taken"
        RETURNED = "returned"
        ADJUSTED = "adjusted"

    sku = models.CharField("SKU", max_length=40)
    quantity = models.IntegerField(help_text="negative when stock leaves")
    reason = models.CharField(max_length=10, choices=Reason)
    reference = models.CharField(max_length=200, help_text="order number, or what the person adjusting wrote")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["sku", "-id"], name="inventory_moves_of_sku")]

    def __str__(self) -> str:
        return f"{self.sku} {self.quantity:+d} ({self.reason}, {self.reference})"
