from django.db import models

from extracted.payments.domain.postings import Account
from extracted.payments.money import ZERO, amount_field, currency_field

ACCOUNTS = [(each.value, each.value) for each in Account]


class LedgerPosting(models.Model):
    """What an event of a payment did to an account. The database refuses an event whose postings don't sum to nothing,
    and any change of one that is there: a rebuild empties the table and reads the streams again."""

    order_number = models.CharField(max_length=20)
    version = models.PositiveIntegerField(help_text="of the payment's stream: the event")
    event = models.CharField(max_length=60)
    account = models.CharField(max_length=20, choices=ACCOUNTS)
    currency = currency_field()
    amount = amount_field(help_text="a debit, or with a minus a credit")
    entered_at = models.DateTimeField(help_text="when the event was recorded")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order_number", "version", "account"], name="payments_posted_once")
        ]
        indexes = [models.Index(fields=["account", "currency", "id"], name="payments_postings_of")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"


class LedgerAccount(models.Model):
    """The sum of its postings, written with them."""

    account = models.CharField(max_length=20, choices=ACCOUNTS)
    currency = currency_field()
    balance = models.DecimalField(max_digits=18, decimal_places=2, default=ZERO)
    postings = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["currency", "account"]
        constraints = [models.UniqueConstraint(fields=["account", "currency"], name="payments_one_account")]

    def __str__(self) -> str:
        return f"{self.account} ({self.currency})"
