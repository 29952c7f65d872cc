from django.db import models
from django.db.models import Q
from django.utils import timezone


class ShadowOutcome(models.Model):
    """What the monolith promised an order, beside what this service would have: one for each such event, in order."""

    class Cause(models.TextChoices):
        NONE = "", "alike"
        ANOTHER_WAREHOUSE = "another", "another warehouse here"
        SHORT = "short", "nothing that fits here"

    sku = models.CharField("SKU", max_length=40)
    reference = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    theirs = models.CharField("monolith", max_length=20, help_text="the warehouse it chose")
    ours = models.CharField("here", max_length=20, blank=True, help_text="empty: no warehouse has so many")
    cause = models.CharField(max_length=10, choices=Cause, blank=True, default=Cause.NONE)
    compared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["-id"], condition=~Q(cause=""), name="inventory_mismatches")]

    def __str__(self) -> str:
        return f"{self.reference}/{self.sku}: {self.theirs}, {self.ours or 'none'} here"
