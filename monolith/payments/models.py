from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from monolith.ledger import AppendOnly
from monolith.money import amount_field, currency_field


class Payment(models.Model):
    """What was paid for one order. The amounts are sums over the ledger, kept so that the database can check them."""

    order_number = models.CharField(max_length=20, unique=True)
    customer_email = models.EmailField()
    customer_name = models.CharField(max_length=200)
    currency = currency_field()
    authorised = amount_field(default=Decimal(0))
    captured = amount_field(default=Decimal(0))
    refunded = amount_field(default=Decimal(0))
    authorisation = models.CharField(max_length=64, help_text="the gateway's reference")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(captured__lte=F("authorised")), name="payments_captured_in_authorised"),
            models.CheckConstraint(condition=Q(refunded__lte=F("captured")), name="payments_refunded_in_captured"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.captured} {self.currency}"

    @property
    def refundable(self) -> Decimal:
        return self.captured - self.refunded


class LedgerEntry(AppendOnly):
    class Kind(models.TextChoices):
        AUTHORISED = "authorised"
        CAPTURED = "captured"
        REFUNDED = "refunded"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = amount_field()
    reference = models.CharField(max_length=64, help_text="the gateway's reference")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
