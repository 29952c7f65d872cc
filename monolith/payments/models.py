from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from monolith.ledger import AppendOnly
from monolith.money import ZERO, amount_field, currency_field
from monolith.states import HasStates


class Payment(HasStates):
    """What was paid for one order. The amounts are sums over the ledger, kept so that the database can check them."""

    class Status(models.TextChoices):
        AUTHORISED = "authorised"
        PARTIALLY_CAPTURED = "partially_captured"
        CAPTURED = "captured"
        PARTIALLY_REFUNDED = "partially_refunded"
        REFUNDED = "refunded"
        VOIDED = "voided"

    LEGAL_MOVES = {
        Status.AUTHORISED: (Status.PARTIALLY_CAPTURED, Status.CAPTURED, Status.VOIDED),
        Status.PARTIALLY_CAPTURED: (
            *(Status.PARTIALLY_CAPTURED, Status.CAPTURED),
            *(Status.PARTIALLY_REFUNDED, Status.REFUNDED),
        ),
        Status.CAPTURED: (Status.PARTIALLY_REFUNDED, Status.REFUNDED),
        Status.PARTIALLY_REFUNDED: (Status.PARTIALLY_REFUNDED, Status.REFUNDED),
        Status.REFUNDED: (),
        Status.VOIDED: (),
    }

    order_number = models.CharField(max_length=20, unique=True)
    customer_email = models.EmailField()
    customer_name = models.CharField(max_length=200)
    status = models.CharField(max_length=20, choices=Status, default=Status.AUTHORISED)
    currency = currency_field()
    authorised = amount_field(default=ZERO)
    captured = amount_field(default=ZERO)
    refunded = amount_field(default=ZERO)
    authorisation = models.CharField(max_length=64, help_text="the gateway's reference")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("capture_payment", "Can take authorised money")]
        constraints = [
            models.CheckConstraint(condition=Q(captured__lte=F("authorised")), name="payments_captured_in_authorised"),
            models.CheckConstraint(condition=Q(refunded__lte=F("captured")), name="payments_refunded_in_captured"),
        ]

    def __str__(self) -> str:
        return self.order_number

    @property
    def capturable(self) -> Decimal:
        """What may still be taken. A part that was given back doesn't close the rest: other parcels may yet leave."""
        closed = {self.Status.VOIDED, self.Status.REFUNDED}
        return ZERO if self.status in closed else self.authorised - self.captured

    @property
    def refundable(self) -> Decimal:
        return self.captured - self.refunded

    @property
    def fully_refunded(self) -> bool:
        return self.status == self.Status.REFUNDED


class LedgerEntry(AppendOnly):
    class Kind(models.TextChoices):
        AUTHORISED = "authorised"
        CAPTURED = "captured"
        REFUNDED = "refunded"
        VOIDED = "voided"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = amount_field()
    reference = models.CharField(max_length=64, help_text="the gateway's reference")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
