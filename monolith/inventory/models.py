"""What stays on this side when the stock has left: warehouses, what was asked of the service, what it told."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from monolith.inventory.own_models import Ownership, Reservation, StockItem, StockMovement, Transfer, TransferLine

__all__ = ["Change", "KnownStock", "Warehouse"]
__all__ += ["Ownership", "Reservation", "StockItem", "StockMovement", "Transfer", "TransferLine"]


class Warehouse(models.Model):
    """Stock is taken from the active warehouse with the lowest `priority` that has all of a line."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    country = models.CharField(max_length=2, default="DE", help_text="ISO 3166-1, two letters")
    priority = models.PositiveIntegerField(default=10)
    active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1, db_default=1, editable=False, help_text="one more each change")

    class Meta:
        ordering = ["priority", "code"]

    def __str__(self) -> str:
        return self.code


class Change(models.Model):
    """A change of stock that the service was asked for, because it owns one of the SKUs, and what became of it.

    `lines` are as in the events, with `done` where it is done already: what the monolith owned it did at once.
    """

    class Status(models.TextChoices):
        ASKED = "asked"
        WAITING = "waiting", "Waiting for an earlier one"
        REDIRECTED = "redirected", "Redirected, to be done anew"
        DONE = "done"
        REJECTED = "rejected"

    TO_DO = (Status.WAITING, Status.REDIRECTED)
    OPEN = (Status.ASKED, *TO_DO)

    change = models.UUIDField(unique=True, default=uuid.uuid4)
    asked_as = models.UUIDField(unique=True, null=True, blank=True, help_text="the latest question put to the service")
    kind = models.CharField(max_length=9)
    reference = models.CharField(max_length=40)
    instead_of = models.CharField(max_length=40, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    lines = models.JSONField()
    skus = ArrayField(models.CharField(max_length=40))
    undoes = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="whose part that was done is taken back",
    )
    status = models.CharField(max_length=10, choices=Status)
    answer = models.TextField(blank=True, help_text="why it was rejected")
    attempts = models.PositiveIntegerField(default=0, help_text="how often the service was asked")
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, help_text="when settle_stock looks at it again")

    class Meta:
        verbose_name = "stock change"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["reference", "id"], name="inventory_changes_of"),
            models.Index(
                fields=["reference", "id"],
                condition=Q(status__in=["asked", "waiting", "redirected"]),
                name="inventory_open_changes",
            ),
            models.Index(
                fields=["due_at"], condition=Q(status__in=["waiting", "redirected"]), name="inventory_due_changes"
            ),
            models.Index(fields=["instead_of", "id"], condition=~Q(instead_of=""), name="inventory_claims_of"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.reference}"


class KnownStock(models.Model):
    """What the service last told of a SKU in a warehouse: for pages and figures. Nobody promises anything out of it."""

    sku = models.SlugField("SKU", max_length=40)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    reorder_level = models.PositiveIntegerField(default=5)

    class Meta:
        verbose_name_plural = "known stock"
        ordering = ["sku", "warehouse"]
        constraints = [models.UniqueConstraint(fields=["sku", "warehouse"], name="inventory_known_once")]

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse_id}: {self.on_hand}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved
