from django.db import models
from django.db.models import F, Q

from extracted.inventory.models.rules import AppendOnly, HasStates

OWN_MOVEMENTS_FROM = 1_000_000_000_000
"""Entries with smaller numbers are copies of the monolith's, so that a number means one entry on both sides."""


class Warehouse(models.Model):
    """Stock is taken from the active one with the lowest `priority` that has all of a line. A copy."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    country = models.CharField(max_length=2, default="DE", help_text="ISO 3166-1, two letters")
    priority = models.PositiveIntegerField(default=10)
    active = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(
        default=0, db_default=0, help_text="of the change that was told last; 0 while only the code is known"
    )

    class Meta:
        ordering = ["priority", "code"]

    def __str__(self) -> str:
        return self.code


class StockItem(models.Model):
    """Units of one SKU in one warehouse: `on_hand` lie on the shelf, `reserved` of them are promised to somebody."""

    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="stock")
    sku = models.SlugField("SKU", max_length=40)
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    reorder_level = models.PositiveIntegerField(default=5, help_text="at or below this many available units: reorder")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["sku", "warehouse"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="inventory_one_item_per_warehouse"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="inventory_never_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="inventory_reserved_never_negative"),
            models.CheckConstraint(condition=Q(reserved__lte=F("on_hand")), name="inventory_no_oversell"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse_id}: {self.on_hand}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Reservation(HasStates):
    """Units promised to an order (or, with `expires_at`, to somebody who is at the checkout right now).

    Per stock item the `quantity` of all active ones adds up to `reserved`.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        FULFILLED = "fulfilled"
        RELEASED = "released"
        EXPIRED = "expired"

    LEGAL_MOVES = {
        Status.ACTIVE: (Status.FULFILLED, Status.RELEASED, Status.EXPIRED),
        Status.FULFILLED: (),
        Status.RELEASED: (),
        Status.EXPIRED: (),
    }

    reference = models.CharField(max_length=40, help_text="order number, or cart:<id> during a checkout")
    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=1), name="inventory_reserves_something")]
        indexes = [
            models.Index(fields=["reference"], name="inventory_by_reference"),
            models.Index(fields=["item", "id"], condition=Q(status="active"), name="inventory_active_on_item"),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="active", expires_at__isnull=False),
                name="inventory_expiring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}/{self.pk}"


class StockMovement(AppendOnly):
    """Why `on_hand` is what it is. Own entries are numbered from OWN_MOVEMENTS_FROM on."""

    class Reason(models.TextChoices):
        SHIPPED = "shipped"
        RETURNED = "returned"
        ADJUSTED = "adjusted"
        TRANSFERRED = "transferred"

    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements")
    quantity = models.IntegerField(help_text="negative when stock leaves")
    reason = models.CharField(max_length=12, choices=Reason)
    reference = models.CharField(max_length=200, help_text="order or transfer number, or what the person wrote")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["item", "-id"], name="inventory_moves_of_item")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} ({self.reason}, {self.reference})"
