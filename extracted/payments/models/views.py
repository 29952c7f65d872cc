from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from extracted.payments.domain.state import Status
from extracted.payments.money import ZERO, amount_field, currency_field


class PaymentView(models.Model):
    """What a payment's stream adds up to, written in the transaction that adds to the stream. To be read by all.

    Without a status nothing was set aside (yet): a card that was declined, or a gateway that has not answered.
    """

    order_number = models.CharField(max_length=20, unique=True)
    customer_email = models.EmailField(blank=True)
    customer_name = models.CharField(max_length=200, blank=True)
    status = models.CharField(
        max_length=20, blank=True, choices=[(each.value, each.value.replace("_", " ") or "none") for each in Status]
    )
    currency = currency_field(blank=True)
    authorised = amount_field(default=ZERO)
    captured = amount_field(default=ZERO)
    refunded = amount_field(default=ZERO)
    released = amount_field(default=ZERO)
    authorisation = models.CharField(max_length=64, blank=True, help_text="the gateway's reference")
    in_hand = models.CharField(max_length=40, blank=True, help_text="what the gateway is being asked")
    version = models.PositiveIntegerField(help_text="of its stream")
    created_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "payment"
        indexes = [
            models.Index(fields=["customer_email"], name="payments_by_customer"),
            models.Index(fields=["id"], condition=~Q(in_hand=""), name="payments_in_hand"),
        ]

    def __str__(self) -> str:
        return self.order_number

    @property
    def capturable(self) -> Decimal:
        return self.authorised - self.captured - self.released

    @property
    def refundable(self) -> Decimal:
        return self.captured - self.refunded
