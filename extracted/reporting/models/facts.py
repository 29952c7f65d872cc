"""What has happened, by the identity that it has in the shop: told again, it is the same row.

Nothing here moves back. An order that is cancelled stays so, whether its cancellation or its placing is heard of first.
"""

from django.db import models


class OrderFact(models.Model):
    """`placed_at` and what comes with it are null while only what happened to the order later is known."""

    pk = models.CompositePrimaryKey("generation", "number")
    generation = models.PositiveIntegerField()
    number = models.CharField(max_length=40)
    customer_id = models.BigIntegerField()
    placed_at = models.DateTimeField(null=True)
    day = models.DateField(null=True, help_text="of placed_at, in UTC")
    currency = models.CharField(max_length=3, default="")
    total = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    cancelled = models.BooleanField(default=False)
    refunded = models.BooleanField(default=False)

    class Meta:
        db_table = "reporting_order_fact"
        indexes = [
            models.Index(fields=["generation", "customer_id"], name="reporting_orders_of_customer"),
            # In the order of its bytes, in which parity goes through it on both sides.
            models.Index(
                fields=["generation", "number"],
                opclasses=["int4_ops", "varchar_pattern_ops"],
                name="reporting_orders_by_number",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class LineFact(models.Model):
    """The units of one SKU in one order; `revenue` is without tax, after discounts."""

    pk = models.CompositePrimaryKey("generation", "number", "sku")
    generation = models.PositiveIntegerField()
    number = models.CharField(max_length=40, help_text="of the order")
    sku = models.CharField("SKU", max_length=40)
    quantity = models.PositiveIntegerField()
    revenue = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        db_table = "reporting_line_fact"

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku}"


class ReturnFact(models.Model):
    """A return that the warehouse has received."""

    pk = models.CompositePrimaryKey("generation", "number")
    generation = models.PositiveIntegerField()
    number = models.CharField(max_length=40)
    order_number = models.CharField(max_length=40)

    class Meta:
        db_table = "reporting_return_fact"
        indexes = [models.Index(fields=["generation", "order_number"], name="reporting_returns_of_order")]

    def __str__(self) -> str:
        return self.number


class MovementFact(models.Model):
    """An entry of the shop's stock ledger; `quantity` is negative when stock leaves."""

    pk = models.CompositePrimaryKey("generation", "movement")
    generation = models.PositiveIntegerField()
    movement = models.BigIntegerField()
    sku = models.CharField("SKU", max_length=40)
    month = models.DateField(help_text="its first day, in UTC")
    reason = models.CharField(max_length=20)
    quantity = models.IntegerField()

    class Meta:
        db_table = "reporting_movement_fact"

    def __str__(self) -> str:
        return f"{self.quantity:+d} x {self.sku}"
