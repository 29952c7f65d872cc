from django.db import models


class Effect(models.Model):
    """One row for each time a handler's work was committed; `id` is the order in which that happened."""

    consumer_group = models.CharField(max_length=50)
    thing = models.CharField(max_length=100)
    step = models.IntegerField()
    handled_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.thing} {self.step}"


class Item(models.Model):
    """What is told by a backfill, with its parts. Whoever changes an item or a part holds the item's lock."""

    number = models.CharField(max_length=50, unique=True)
    value = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.number


class Part(models.Model):
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="parts")
    value = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.item_id} {self.value}"


class ItemCopy(models.Model):
    """What consumer group `copies` knows of an item. `backfilled`: how often it was told of it alone."""

    number = models.CharField(max_length=50, primary_key=True)
    value = models.IntegerField()
    parts = models.JSONField()
    backfilled = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.number
