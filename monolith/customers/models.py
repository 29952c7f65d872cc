from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from monolith.money import ZERO, amount_field


class Customer(models.Model):
    """A person who buys: the log-in is Django's user, whose username is the e-mail address in lower case."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="customer")
    email = models.EmailField()
    name = models.CharField(max_length=200)
    phone = models.CharField(max_length=40, blank=True)
    order_count = models.PositiveIntegerField(default=0, editable=False)
    lifetime_value = amount_field(default=ZERO, editable=False, help_text="EUR, cancelled and refunded orders left out")
    last_order_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(Lower("email"), name="customers_email_unique")]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class Address(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    recipient = models.CharField(max_length=200)
    street = models.CharField(max_length=200)
    postal_code = models.CharField(max_length=20)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=2, help_text="ISO 3166-1, two letters")
    is_default = models.BooleanField(default=False, help_text="the one a checkout offers first")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_default=True), name="customers_one_default_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient}, {self.street}, {self.postal_code} {self.city}, {self.country}"
