from django.conf import settings
from django.db import models
from django.db.models.functions import Lower


class Customer(models.Model):
    """A person who buys: the log-in is Django's user, whose username is the e-mail address in lower case."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="customer")
    email = models.EmailField()
    name = models.CharField(max_length=200)
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

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return f"{self.recipient}, {self.street}, {self.postal_code} {self.city}, {self.country}"
