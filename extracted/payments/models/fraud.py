from django.db import models
from django.utils import timezone

from extracted.payments.money import amount_field, currency_field


class Sighting(models.Model):
    """A payment as the fraud check saw it, by the time at which it was made. Kept for as long as a window reaches."""

    order_number = models.CharField(max_length=20, unique=True)
    customer_email = models.EmailField()
    amount = amount_field()
    currency = currency_field()
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["customer_email", "made_at"], name="payments_sightings_of")]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.amount} {self.currency}"


class PaymentFlag(models.Model):
    """With this payment a customer had more than a rule allows."""

    class Rule(models.TextChoices):
        NUMBER = "number", "many payments"
        SUM = "sum", "a large sum"

    order_number = models.CharField(max_length=20)
    customer_email = models.EmailField()
    rule = models.CharField(max_length=10, choices=Rule)
    count = models.PositiveIntegerField(help_text="payments in the window, with this one")
    total = amount_field(help_text="of these, in the payment's currency")
    window_seconds = models.PositiveIntegerField()
    made_at = models.DateTimeField(help_text="when the payment was made")
    flagged_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["order_number", "rule"], name="payments_flagged_once")]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.get_rule_display()}"
