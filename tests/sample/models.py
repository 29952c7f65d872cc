from django.db import models


class Effect(models.Model):
    """One row for each time a handler's work was committed; `id` is the order in which that happened."""

    consumer_group = models.CharField(max_length=50)
    thing = models.CharField(max_length=100)
    step = models.IntegerField()
    handled_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.thing} {self.step}"
