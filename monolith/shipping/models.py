import secrets

from django.db import models
from django.db.models import Q

from monolith.money import ZERO, amount_field
from monolith.states import HasStates


def new_shipment_number() -> str:
    return f"P-{secrets.token_hex(5).upper()}"


def new_return_number() -> str:
    return f"R-{secrets.token_hex(5).upper()}"


class Shipment(HasStates):
    """One parcel of one order, out of one warehouse. Its goods leave the stock when it is packed."""

    class Status(models.TextChoices):
        PACKED = "packed"
        DISPATCHED = "dispatched"
        DELIVERED = "delivered"
        LOST = "lost"

    LEGAL_MOVES = {
        Status.PACKED: (Status.DISPATCHED,),
        Status.DISPATCHED: (Status.DELIVERED, Status.LOST),
        Status.DELIVERED: (),
        Status.LOST: (),
    }

    number = models.CharField(max_length=20, unique=True, default=new_shipment_number)
    # Tangle: foreign keys into orders; neither can move to another database while they are constraints.
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="shipments")
    warehouse = models.CharField(max_length=20, db_default="", help_text="code")
    status = models.CharField(max_length=10, choices=Status, default=Status.PACKED)
    method = models.CharField(max_length=10, default="standard", help_text="standard or express")
    carrier = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=40, blank=True)
    packed_at = models.DateTimeField(auto_now_add=True)
    dispatched_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("ship_order", "Can pack and ship an order"),
            ("deliver_shipment", "Can record a delivery"),
            ("write_off_shipment", "Can write off a lost parcel"),
        ]
        indexes = [models.Index(fields=["status", "packed_at"], name="shipping_by_status")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="packed") | ~Q(tracking_number=""), name="shipping_dispatched_is_tracked"
            )
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=1), name="shipping_ships_something")]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"


class TrackingEvent(models.Model):
    """What the carrier reported, newest last. `reported_at` is the carrier's clock."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="tracking")
    status = models.CharField(max_length=100)
    place = models.CharField(max_length=100, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["reported_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "reported_at", "status"], name="shipping_reported_once")
        ]

    def __str__(self) -> str:
        return self.status


class Return(HasStates):
    """Goods a customer sends back: announced, then received (back into stock, money back) or rejected."""

    class Status(models.TextChoices):
        REQUESTED = "requested"
        RECEIVED = "received"
        REJECTED = "rejected"

    LEGAL_MOVES = {
        Status.REQUESTED: (Status.RECEIVED, Status.REJECTED),
        Status.RECEIVED: (),
        Status.REJECTED: (),
    }

    number = models.CharField(max_length=20, unique=True, default=new_return_number)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="returns")
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    reason = models.CharField(max_length=200)
    refunded = amount_field(default=ZERO)
    requested_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("close_return", "Can receive or reject a return")]

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    # "return" is a word of Python's; the attribute can't be called so.
    returned = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["returned", "order_line"], name="shipping_returned_once_per_return"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="shipping_returns_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of line {self.order_line_id}"


class PackingJob(models.Model):
    """An order that packers have to see to, as the events of others tell: by its number, without a foreign key."""

    class Status(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    order_number = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    opened_at = models.DateTimeField(help_text="when its payment was authorised")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["opened_at"], condition=Q(status="open"), name="shipping_open_jobs")]

    def __str__(self) -> str:
        return self.order_number
