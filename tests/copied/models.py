"""What a service knows of the sample project: tables called as there, with columns that are wider here and there."""

from django.db import models


class Effect(models.Model):
    thing = models.TextField()
    step = models.BigIntegerField()
    consumer_group = models.CharField(max_length=200)
    handled_at = models.DateTimeField()

    class Meta:
        db_table = "sample_effect"

    def __str__(self) -> str:
        return self.thing


class Item(models.Model):
    number = models.TextField(primary_key=True)
    value = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        db_table = "sample_item"

    def __str__(self) -> str:
        return self.number
