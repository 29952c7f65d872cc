from django.db import models

from monolith.money import ZERO, amount_field, currency_field


class DailySales(models.Model):
    """One row per day (UTC) and currency, kept current by a signal on the order. Dashboards read it for the past."""

    day = models.DateField()
    currency = currency_field()
    orders = models.PositiveIntegerField(default=0, help_text="placed that day, those cancelled later left out")
    revenue = amount_field(default=ZERO, help_text="totals of these orders, tax included; refunded ones left out")

    class Meta:
        ordering = ["-day"]
        verbose_name_plural = "daily sales"
        constraints = [models.UniqueConstraint(fields=["day", "currency"], name="reporting_one_row_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.revenue} {self.currency}"
