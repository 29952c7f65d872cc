from django.db import models
from django.db.models import Q


class Generation(models.Model):
    """One copy of the read model. Whoever writes into it locks this row first, so its figures follow one by one."""

    number = models.PositiveIntegerField(primary_key=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "reporting_generation"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"generation {self.number}"

    @property
    def group(self) -> str:
        """Its consumer group: each generation hears every event itself."""
        return group_of(self.number)


class Serving(models.Model):
    """One row: which generation answers, and which did before."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    generation = models.PositiveIntegerField()
    previous = models.PositiveIntegerField(null=True, blank=True)
    since = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "reporting_serving"
        verbose_name_plural = "serving"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="reporting_one_serves")]

    def __str__(self) -> str:
        return f"generation {self.generation} serves"


def group_of(number: int) -> str:
    return "reporting" if number == 1 else f"reporting-{number}"
