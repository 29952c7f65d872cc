import secrets

from django.db import models
from django.db.models import Q

from monolith.errors import IllegalTransition
from monolith.money import amount_field, currency_field

# Crockford's base 32: no I, L, O or U, so a number survives being read out over the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_order_number() -> str:
    """S-7K3M-Q9TP-2XWD: 60 random bits, so nobody guesses another customer's."""
    return "-".join(["S", *("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))])


class Cart(models.Model):
    """One per customer; a checkout empties it."""

    customer = models.OneToOneField("customers.Customer", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartItem(models.Model):
    """Holds no price: the customer pays the one of the moment of checkout."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    sku = models.CharField("SKU", max_length=40)
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "sku"], name="orders_one_item_per_sku"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_item_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class Order(models.Model):
    """Customer, address and lines are copies from the moment of purchase: what happened doesn't change later."""

    class Status(models.TextChoices):
        PLACED = "placed"
        CANCELLED = "cancelled"
        REFUNDED = "refunded"

    LEGAL_MOVES = {Status.PLACED: (Status.CANCELLED, Status.REFUNDED), Status.CANCELLED: (), Status.REFUNDED: ()}

    number = models.CharField(max_length=20, unique=True, default=new_order_number)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="+")
    customer_name = models.CharField(max_length=200)
    customer_email = models.EmailField()
    ship_to = models.JSONField(help_text="recipient, street, postal_code, city, country")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLACED)
    total = amount_field()
    currency = currency_field()
    placed_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["customer", "-id"], name="orders_of_customer")]

    def __str__(self) -> str:
        return self.number

    def check_move_to(self, status: Status) -> None:
        """Raises IllegalTransition naming what would be legal."""
        legal = self.LEGAL_MOVES[self.Status(self.status)]
        if status not in legal:
            moves = f"from here it can only become {' or '.join(legal)}" if legal else "that is final"
            raise IllegalTransition(f"Order {self.number} is {self.status} and can't become {status}: {moves}.")

    def move_to(self, status: Status) -> None:
        """Sets the status without saving. Raises IllegalTransition."""
        self.check_move_to(status)
        self.status = status


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField("SKU", max_length=40)
    name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    unit_price = amount_field()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["order", "sku"], name="orders_one_line_per_sku")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"
