from django.db import models


class Heard(models.Model):
    """One run of the handler; `id` is the order in which they ran, for messages of one key.

    `figure`: the amount of a payment, the quantity of a change of stock. `level`: on hand and reserved afterwards.
    """

    message_id = models.UUIDField()
    correlation_id = models.CharField(max_length=128)
    type = models.CharField(max_length=100)
    key = models.CharField(max_length=100)
    figure = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    email = models.CharField(max_length=200, default="")
    warehouse = models.CharField(max_length=20, default="")
    on_hand = models.IntegerField(null=True)
    reserved = models.IntegerField(null=True)
    read_as = models.PositiveSmallIntegerField(help_text="the version of the reader")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.type} of {self.key}"
