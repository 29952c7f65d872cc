from typing import Any

from django.db import models

from strangler.outbox import Change, PublishingQuerySet


class OrderQuerySet(PublishingQuerySet["Order"]):
    def events(self, change: Change, rows: Any) -> Any:
        from little.orders.events import OrderChanged

        return [OrderChanged(number=row.number) for row in rows]


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=50, default="placed")

    objects = models.Manager()
    telling = OrderQuerySet.as_manager()

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.number = self.number.upper()
        super().save(*args, **kwargs)


class Note(models.Model):
    """Told of by any event of orders."""

    text = models.TextField()

    def __str__(self) -> str:
        return self.text


class Visit(models.Model):
    """Of which nobody is told."""

    path = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.path
