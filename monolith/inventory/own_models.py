"""The stock itself, while it is this side's. With the stage `retired` these tables go: migration_guides/09."""

from django.db import models
from django.db.models import F, Q

from monolith.inventory.numbers import new_transfer_number
from monolith.ledger import AppendOnly
from monolith.states import HasStates


class StockItem(models.Model):
    """Units of one SKU in one warehouse: `on_hand` lie on the shelf, `reserved` of them are promised to somebody."""

    warehouse = models.ForeignKey("inventory.Warehouse", on_delete=models.PROTECT, related_name="stock")
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
            models.Index(
                fields=["expires_at"],
                condition=Q(status="active", expires_at__isnull=False),
                name="inventory_expiring",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}/{self.pk}"


class StockMovement(AppendOnly):
    """Why `on_hand` is what it is: for each stock item it equals the sum over this ledger."""

    class Reason(models.TextChoices):
        SHIPPED = "shipped"
        RETURNED = "returned"
        ADJUSTED = "adjusted"
        TRANSFERRED = "transferred"
        WRITTEN_OFF = "written_off"

    item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements")
    quantity = models.IntegerField(help_text="negative when stock leaves")
    reason = models.CharField(max_length=12, choices=Reason)
    reference = models.CharField(max_length=200, help_text="order or transfer number, or what the person wrote")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["item", "-id"], name="inventory_moves_of_item")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} ({self.reason}, {self.reference})"


class Transfer(HasStates):
    """Units on their way from one warehouse to another: dispatched ones are in neither."""

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
    source = models.ForeignKey("inventory.Warehouse", on_delete=models.PROTECT, related_name="outgoing")
    destination = models.ForeignKey("inventory.Warehouse", on_delete=models.PROTECT, related_name="incoming")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    created_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("destination")), name="inventory_transfer_goes_elsewhere")
        ]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    sku = models.SlugField("SKU", max_length=40)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "sku"], name="inventory_one_line_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="inventory_transfers_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class Ownership(models.Model):
    """Which side owns the stock of a SKU. One without a row has never moved: it is the monolith's, at epoch 0."""

    class Owner(models.TextChoices):
        MONOLITH = "monolith"
        SERVICE = "service"

    sku = models.SlugField("SKU", max_length=40, unique=True)
    owner = models.CharField(max_length=8, choices=Owner)
    epoch = models.PositiveIntegerField(help_text="how often it has moved")
    since = models.DateTimeField(help_text="when this side gave it up, or took it over")
    recalled_at = models.DateTimeField(null=True, blank=True, help_text="when it was asked back, for the last time")

    class Meta:
        verbose_name_plural = "ownership"
        ordering = ["sku"]
        indexes = [
            models.Index(fields=["sku"], condition=Q(owner="service"), name="inventory_with_the_service"),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.owner}, epoch {self.epoch}"
