from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Email(models.Model):
    """One e-mail to be sent or sent: the outbox of the business kind, written in the transaction that caused it."""

    class Status(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"

    cause = models.CharField(max_length=64, help_text="id of the event this tells about")
    template = models.CharField(max_length=40)
    address = models.EmailField()
    order_number = models.CharField(max_length=20)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    message_id = models.CharField("Message-ID", max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(db_default=Now())  # by one clock, the database's
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("resend_email", "Can send an e-mail again")]
        constraints = [
            models.UniqueConstraint(fields=["cause", "address", "template"], name="notifications_once_per_cause")
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(status="pending"), name="notifications_due"),
            models.Index(fields=["order_number"], name="notifications_by_order"),
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.address}"
