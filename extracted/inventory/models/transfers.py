import secrets

from django.db import models
from django.db.models import F, Q

from extracted.inventory.models.rules import HasStates
from extracted.inventory.models.stock import Warehouse


def new_transfer_number() -> str:
    return f"T-{secrets.token_hex(4).upper()}"


class Transfer(HasStates):
    """Units on their way from one warehouse to another: dispatched ones are in neither. Of SKUs owned here."""

    class Status(models.TextChoices):
        PLANNED = "planned"
        DISPATCHED = "dispatched"
        RECEIVED = "received"
        CANCELLED = "cancelled"

    LEGAL_MOVES = {
        Status.PLANNED: (Status.DISPATCHED, Status.CANCELLED),
        Status.DISPATCHED: (Status.RECEIVED,),
        Status.RECEIVED: (),
        Status.CANCELLED: (),
    }

    number = models.CharField(max_length=20, unique=True, default=new_transfer_number)
    source = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="outgoing")
    destination = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="incoming")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    created_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("destination")), name="inventory_transfer_goes_elsewhere")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(status="dispatched"), name="inventory_on_the_way")]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    sku = models.SlugField("SKU", max_length=40)
    quantity = models.PositiveIntegerField()
    handed_over = models.BooleanField(
        default=False,
        db_default=False,
        help_text="its SKU went to the monolith while the units were on their way: they are received there",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="inventory_one_line_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="inventory_transfers_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"
