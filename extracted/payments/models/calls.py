from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from extracted.payments.money import amount_field


class GatewayCall(models.Model):
    """One movement of money that the gateway is asked for, under `call` as its idempotency key, until it has answered.

    Times are by one clock, the database's. While a worker has it in hand, `due_at` is when others take it for dead.
    """

    class Status(models.TextChoices):
        DUE = "due"
        DONE = "done"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn", "withdrawn before it was made"

    call = models.UUIDField(unique=True)
    request = models.UUIDField(help_text="on whose behalf")
    order_number = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    amount = amount_field()
    currency = models.CharField(max_length=3, blank=True)
    card_token = models.CharField(max_length=200, blank=True, editable=False)
    authorisation = models.CharField(max_length=64, blank=True)
    undoes = models.BooleanField(default=False, help_text="takes back what a refused request had begun")
    status = models.CharField(max_length=10, choices=Status, default=Status.DUE)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    reference = models.CharField(max_length=64, blank=True, help_text="the gateway's, of this movement")
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(status="due"), name="payments_calls_due"),
            models.Index(fields=["order_number", "id"], name="payments_calls_of"),
            models.Index(fields=["settled_at"], name="payments_calls_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} for {self.order_number}: {self.status}"


class GatewayAttempt(models.Model):
    """One try of a call. Without an end: the worker died, or is at it."""

    call = models.ForeignKey(GatewayCall, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["call", "number"], name="payments_attempt_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.outcome or 'no end known'}"


class CircuitBreaker(models.Model):
    """One row for all workers. From `THRESHOLD` failures in a row on nobody calls before `open_until`; then one does.

    Source: Michael Nygard, Release It!, "Circuit Breaker".
    """

    name = models.CharField(max_length=40, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name}: {'open' if self.open_until else 'closed'}"
