from django.db import models
from django.db.models import Q
from django.utils import timezone


class Owner(models.TextChoices):
    MONOLITH = "monolith"
    SERVICE = "service"


class Ownership(models.Model):
    """Whose a payment is, and how often that has moved. No row: the monolith's, never moved.

    Its row is the baton: whoever changes the payment, or who owns it, holds the lock on it. `recalled` is the epoch
    that the monolith wants back, while a call of the gateway is still in hand.
    """

    order_number = models.CharField(max_length=20, unique=True)
    owner = models.CharField(max_length=8, choices=Owner, default=Owner.MONOLITH)
    epoch = models.PositiveIntegerField(default=0)
    recalled = models.PositiveIntegerField(null=True, blank=True)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ownership"
        indexes = [models.Index(fields=["order_number"], condition=Q(owner="service"), name="payments_owned_here")]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.owner}, epoch {self.epoch}"

    @property
    def is_here(self) -> bool:
        return self.owner == Owner.SERVICE
