"""What is asked for, counted in advance. Each is derived from the facts and could be counted anew from them.

Money is never added up across currencies. Months are told by their first day.
"""

from decimal import Decimal

from django.db import models

ZERO = Decimal("0.00")


class Figure(models.Model):
    generation = models.PositiveIntegerField()

    class Meta:
        abstract = True


class SalesDay(Figure):
    """Orders placed on a day (UTC), those cancelled later left out; `revenue` leaves out the refunded ones too."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    orders = models.IntegerField(default=0)
    revenue = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)

    class Meta:
        db_table = "reporting_sales_day"
        ordering = ["-generation", "-day"]
        constraints = [
            models.UniqueConstraint(fields=["generation", "day", "currency"], name="reporting_one_sales_day")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.revenue} {self.currency}"


class ProductDay(Figure):
    """Of orders that were neither cancelled nor refunded; `revenue` is without tax, after discounts."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    sku = models.CharField("SKU", max_length=40)
    units = models.IntegerField(default=0)
    revenue = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)

    class Meta:
        db_table = "reporting_product_day"
        ordering = ["-generation", "-day", "sku"]
        constraints = [
            models.UniqueConstraint(fields=["generation", "currency", "day", "sku"], name="reporting_one_product_day")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.units} x {self.sku}"


class CohortMonth(Figure):
    """Customers whose first order was in month `first`: how many of them ordered in `month`, and for how much."""

    first = models.DateField()
    month = models.DateField()
    currency = models.CharField(max_length=3)
    customers = models.IntegerField(default=0)
    orders = models.IntegerField(default=0)
    revenue = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)

    class Meta:
        db_table = "reporting_cohort_month"
        ordering = ["-generation", "-first", "month"]
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "currency", "first", "month"], name="reporting_one_cohort_month"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first:%Y-%m} in {self.month:%Y-%m}: {self.customers}"


class StockMonth(Figure):
    """Units of a SKU in all warehouses together: `moved` is what the month added to the stock, or took."""

    sku = models.CharField("SKU", max_length=40)
    month = models.DateField()
    moved = models.IntegerField(default=0)
    shipped = models.IntegerField(default=0)
    returned = models.IntegerField(default=0)

    class Meta:
        db_table = "reporting_stock_month"
        ordering = ["-generation", "-month", "sku"]
        constraints = [models.UniqueConstraint(fields=["generation", "sku", "month"], name="reporting_one_stock_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.shipped} x {self.sku}"


class Customer(Figure):
    """`lifetime_value` is in EUR, cancelled and refunded orders left out. `told_at`: when name and address were."""

    customer_id = models.BigIntegerField()
    name = models.CharField(max_length=200, default="")
    email = models.CharField(max_length=254, default="")
    told_at = models.DateTimeField(null=True)
    orders = models.IntegerField(default=0)
    lifetime_value = models.DecimalField(max_digits=16, decimal_places=2, default=ZERO)
    last_order_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reporting_customer"
        ordering = ["-generation", "-lifetime_value", "customer_id"]
        constraints = [models.UniqueConstraint(fields=["generation", "customer_id"], name="reporting_one_customer")]
        indexes = [models.Index(fields=["generation", "-lifetime_value", "customer_id"], name="reporting_best_first")]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class Product(Figure):
    """What a SKU is called now, and where it stands."""

    sku = models.CharField("SKU", max_length=40)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100)
    told_at = models.DateTimeField()

    class Meta:
        db_table = "reporting_product"
        ordering = ["-generation", "sku"]
        constraints = [models.UniqueConstraint(fields=["generation", "sku"], name="reporting_one_product")]

    def __str__(self) -> str:
        return self.sku
