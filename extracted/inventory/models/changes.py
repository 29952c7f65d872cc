from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class StockChange(models.Model):
    """A change that was asked of this service, and its answer: whoever asks again gets the same one.

    `message` is the request as it came, kept while it waits for the baton of a SKU.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        REJECTED = "rejected"
        REDIRECTED = "redirected"

    change = models.UUIDField(unique=True)
    kind = models.CharField(max_length=10)
    reference = models.CharField(max_length=40)
    skus = ArrayField(models.CharField(max_length=40))
    lines = models.JSONField(help_text="as they were asked; once answered, as they were answered")
    status = models.CharField(max_length=10, choices=Status)
    reason = models.TextField(blank=True, help_text="why it was rejected")
    message = models.TextField(blank=True, editable=False)
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reference"], name="inventory_changes_of"),
            models.Index(fields=["id"], condition=Q(status="waiting"), name="inventory_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}: {self.status}"
