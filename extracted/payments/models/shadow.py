from django.db import models
from django.db.models import Q
from django.utils import timezone


class ShadowOutcome(models.Model):
    """What the monolith says a payment has become, beside what the service makes of the same fact, in order."""

    class Cause(models.TextChoices):
        NONE = "", "alike"
        AMOUNTS = "amounts", "other amounts here"
        STATUS = "status", "another status here"

    order_number = models.CharField(max_length=20)
    fact = models.CharField(max_length=60)
    theirs = models.CharField("monolith", max_length=80)
    ours = models.CharField("here", max_length=80)
    cause = models.CharField(max_length=10, choices=Cause, blank=True, default=Cause.NONE)
    compared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["-id"], condition=~Q(cause=""), name="payments_mismatches")]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.theirs}, {self.ours} here"
