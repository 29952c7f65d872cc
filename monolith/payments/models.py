import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from monolith.ledger import AppendOnly
from monolith.money import ZERO, amount_field, currency_field
from monolith.states import HasStates


class Payment(HasStates):
    """What was paid for one order. The amounts are sums over the ledger, kept so that the database can check them.

    Where the payments service owns it (`Ownership`), this is a copy.
    """

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
    created_at = models.DateTimeField(default=timezone.now, editable=False)

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


class Ownership(models.Model):
    """Which side owns a payment. One without a row has never moved: it is the monolith's, at epoch 0."""

    class Owner(models.TextChoices):
        MONOLITH = "monolith"
        SERVICE = "service"

    order_number = models.CharField(max_length=20, unique=True)
    owner = models.CharField(max_length=8, choices=Owner)
    epoch = models.PositiveIntegerField(help_text="how often it has moved; made by the service it begins with 1")
    since = models.DateTimeField(default=timezone.now, help_text="when this side gave it up, or took it over")
    recalled_at = models.DateTimeField(null=True, blank=True, help_text="when it was asked back, for the last time")

    class Meta:
        verbose_name_plural = "ownership"
        ordering = ["order_number"]
        indexes = [
            models.Index(fields=["order_number"], condition=Q(owner="service"), name="payments_with_the_service"),
        ]

    def __str__(self) -> str:
        return f"{self.order_number}: {self.owner}, epoch {self.epoch}"


class PaymentRequest(models.Model):
    """What the service was asked to do with a payment, because it owns it, and what became of that.

    `card_token` is there until it is answered, as in a checkout that waits.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        WAITING = "waiting", "Waiting for an earlier one"
        REDIRECTED = "redirected", "Redirected, to be done anew"
        DONE = "done"
        REFUSED = "refused"

    UNANSWERED = (Status.OPEN, Status.WAITING, Status.REDIRECTED)

    request = models.UUIDField(unique=True, default=uuid.uuid4)
    asked_as = models.UUIDField(unique=True, null=True, blank=True, help_text="the latest question put to the service")
    order_number = models.CharField(max_length=20)
    action = models.CharField(max_length=9)
    amount = amount_field(null=True, blank=True, help_text="empty: all that is left, or everything")
    currency = models.CharField(max_length=3, blank=True)
    card_token = models.CharField(max_length=100, blank=True, editable=False)
    customer_email = models.EmailField(blank=True)
    customer_name = models.CharField(max_length=200, blank=True)
    answer_by = models.DateTimeField(null=True, blank=True, help_text="what is not done by then is not wanted any more")
    captured_after = amount_field(null=True, blank=True, help_text="if it and all before it are done")
    refunded_after = amount_field(null=True, blank=True, help_text="if it and all before it are done")
    closes = models.BooleanField(default=False, help_text="nothing more can be taken after it")
    epoch = models.PositiveIntegerField(default=0, help_text="of the payment, as the service was told")
    status = models.CharField(max_length=10, choices=Status)
    code = models.CharField(max_length=40, blank=True, help_text="why it was refused, as the code of a problem")
    reason = models.TextField(blank=True, help_text="why it was refused or deferred")
    deferred_until = models.DateTimeField(null=True, blank=True, help_text="the service tries again until then")
    attempts = models.PositiveIntegerField(default=0, help_text="how often the service was asked")
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when settle_payments looks at it again")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["order_number", "id"], name="payments_requests_of"),
            models.Index(
                fields=["order_number", "id"],
                condition=Q(status__in=["open", "waiting", "redirected"]),
                name="payments_unanswered",
            ),
            models.Index(fields=["due_at"], condition=Q(status__in=["waiting", "redirected"]), name="payments_due"),
        ]

    def __str__(self) -> str:
        return f"{self.action} for {self.order_number}"
