import secrets
from typing import Any

from django.db import models
from django.db.models import F, Q

from monolith.money import ZERO, amount_field, currency_field
from monolith.states import HasStates

# Crockford's base 32: no I, L, O or U, so a number survives being read out over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_order_number() -> str:
    """S-7K3M-Q9TP-2XWD: 60 random bits, so nobody guesses another customer's."""
    return "-".join(["S", *("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))])


class Promotion(models.Model):
    """A code that makes a cart cheaper, by a percentage or by an amount. Codes are compared in upper case."""

    class Kind(models.TextChoices):
        PERCENT = "percent"
        AMOUNT = "amount"

    code = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    value = amount_field(help_text="per cent, or an amount in `currency`")
    currency = currency_field()
    minimum = amount_field(default=ZERO, help_text="the cart must be worth this much, without tax")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    redemptions = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(value__gt=0), name="orders_promotion_is_worth_something"),
            models.CheckConstraint(condition=~Q(kind="percent") | Q(value__lte=100), name="orders_at_most_100_percent"),
            models.CheckConstraint(
                condition=Q(max_redemptions__isnull=True) | Q(redemptions__lte=F("max_redemptions")),
                name="orders_promotion_not_overdrawn",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.code = self.code.strip().upper()
        super().save(*args, **kwargs)


class Cart(models.Model):
    """One per customer; a checkout empties it."""

    customer = models.OneToOneField("customers.Customer", on_delete=models.CASCADE, related_name="+")
    promotion = models.ForeignKey(Promotion, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartItem(models.Model):
    """Holds no price: the customer pays the one of the moment of checkout."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey("catalog.Variant", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="orders_one_item_per_variant"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_item_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.variant_id}"


class OrderQuerySet(models.QuerySet["Order"]):
    def ever_placed(self) -> "OrderQuerySet":
        """Those that somebody outside was told of; a checkout that came to nothing is the customer's affair alone."""
        return self.exclude(status=Order.Status.PENDING).filter(cancel_code="")


class Order(HasStates):
    """Customer, address and lines are copies from the moment of purchase: what happened doesn't change later.

    Pending is one of which stock or payment is not certain yet (see sagas.py). `cancel_code` is set for those that
    never were placed, and for no others.
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        PLACED = "placed"
        PARTIALLY_SHIPPED = "partially_shipped"
        SHIPPED = "shipped"
        DELIVERED = "delivered"
        COMPLETED = "completed"
        RETURNED = "returned"
        CANCELLED = "cancelled"
        REFUNDED = "refunded"

    LEGAL_MOVES = {
        Status.PENDING: (Status.PLACED, Status.CANCELLED),
        Status.PLACED: (Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.CANCELLED, Status.REFUNDED),
        Status.PARTIALLY_SHIPPED: (Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.REFUNDED),
        Status.SHIPPED: (Status.DELIVERED, Status.RETURNED, Status.REFUNDED),
        Status.DELIVERED: (Status.COMPLETED, Status.RETURNED, Status.REFUNDED),
        Status.COMPLETED: (Status.REFUNDED,),
        Status.RETURNED: (Status.REFUNDED,),
        Status.CANCELLED: (),
        Status.REFUNDED: (),
    }

    number = models.CharField(max_length=20, unique=True, default=new_order_number)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="orders")
    customer_name = models.CharField(max_length=200)
    customer_email = models.EmailField()
    ship_to = models.JSONField(help_text="recipient, street, postal_code, city, country")
    shipping_method = models.CharField(max_length=10, default="standard", help_text="standard or express")
    promotion_code = models.CharField(max_length=30, blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    subtotal = amount_field(help_text="all lines, before discount, shipping and tax")
    discount = amount_field(default=ZERO)
    shipping_cost = amount_field(default=ZERO, help_text="without tax")
    tax = amount_field(default=ZERO, help_text="on goods and shipping")
    total = amount_field()
    currency = currency_field()
    placed_at = models.DateTimeField(auto_now_add=True, help_text="when the customer sent it")
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.TextField(blank=True)
    cancel_code = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="why it could not be placed, as the code of a problem; empty where it was placed, or may yet be",
    )

    payment_retried_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="while it is pending: the bank does not answer, and is tried again until then at the longest",
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [("cancel_order", "Can cancel an order"), ("refund_order", "Can give money back")]
        indexes = [
            models.Index(fields=["customer", "-id"], name="orders_of_customer"),
            models.Index(fields=["placed_at"], name="orders_by_time"),
            models.Index(fields=["status", "delivered_at"], name="orders_by_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount") + F("shipping_cost") + F("tax")),
                name="orders_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0) & Q(discount__lte=F("subtotal")), name="orders_discount_in_subtotal"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    # Tangle: foreign keys into catalog (Cart, Order: into customers) tie their tables to this database.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey("catalog.Variant", on_delete=models.PROTECT, related_name="+")
    warehouse = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="code; empty while none has reserved the goods"
    )
    sku = models.CharField("SKU", max_length=40)
    name = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField()
    unit_price = amount_field(help_text="without tax")
    discount = amount_field(default=ZERO, help_text="this line's share of the order's discount")
    tax_rate = models.DecimalField(max_digits=5, decimal_places=2, default=ZERO, help_text="per cent")
    tax = amount_field(default=ZERO)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(discount__gte=0) & Q(discount__lte=F("unit_price") * F("quantity")),
                name="orders_line_discount_in_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"

    @property
    def subtotal(self):
        return self.unit_price * self.quantity

    @property
    def total(self):
        """What the customer pays for this line, tax included."""
        return self.subtotal - self.discount + self.tax


class AwaitedRefund(models.Model):
    """Money that somebody wants back for an order, while the payments service has not answered yet.

    `request` is the number of what it was asked.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="awaited_refunds")
    request = models.UUIDField(unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"refund of {self.order_id}"
