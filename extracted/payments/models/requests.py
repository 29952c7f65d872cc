from django.db import models
from django.db.models import Q
from django.utils import timezone

from extracted.payments.money import amount_field


class PaymentRequest(models.Model):
    """What was asked of this service, and its answer: whoever asks again gets the same one.

    `message` is the request as it came, without the card's token; what is told on its behalf belongs to its
    conversation. The token is kept until the gateway has been asked, and no longer.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "waiting for the payment"
        QUEUED = "queued", "queued behind another"
        OPEN = "open", "with the gateway"
        DONE = "done"
        REFUSED = "refused"
        REDIRECTED = "redirected"

    request = models.UUIDField(unique=True)
    order_number = models.CharField(max_length=20)
    action = models.CharField(max_length=10)
    amount = amount_field(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    card_token = models.CharField(max_length=200, blank=True, editable=False)
    epoch = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status)
    code = models.CharField(max_length=30, blank=True)
    reason = models.TextField(blank=True, help_text="why it was refused")
    answer = models.JSONField(default=dict, blank=True)
    message = models.TextField(editable=False)
    asked_at = models.DateTimeField(default=timezone.now)
    answer_by = models.DateTimeField(help_text="then it is refused, if the gateway has not answered")
    deferred_at = models.DateTimeField(null=True, blank=True, help_text="when the monolith was told that it takes long")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["order_number", "id"], name="payments_requests_of"),
            models.Index(
                fields=["answer_by"], condition=Q(status__in=["waiting", "queued", "open"]), name="payments_unanswered"
            ),
            models.Index(fields=["answered_at"], name="payments_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.order_number}: {self.status}"

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None
