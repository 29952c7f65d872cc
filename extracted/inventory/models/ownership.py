from django.db import models
from django.db.models import Q
from django.utils import timezone


class Owner(models.TextChoices):
    MONOLITH = "monolith"
    SERVICE = "service"


class Ownership(models.Model):
    """Whose the stock of a SKU is, and how often that has moved. No row: the monolith's, never moved.

    Its row is the baton: whoever changes stock of the SKU, or who owns it, holds the lock on it.
    """

    sku = models.SlugField("SKU", max_length=40, unique=True)
    owner = models.CharField(max_length=8, choices=Owner, default=Owner.MONOLITH)
    epoch = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["sku"]
        verbose_name_plural = "ownership"
        indexes = [models.Index(fields=["sku"], condition=Q(owner="service"), name="inventory_owned_here")]

    def __str__(self) -> str:
        return f"{self.sku}: {self.owner}, epoch {self.epoch}"

    @property
    def is_here(self) -> bool:
        return self.owner == Owner.SERVICE
