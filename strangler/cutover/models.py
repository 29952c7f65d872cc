"""What was found out about a context on its way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ShadowTally(models.Model):
    """Comparisons of one capability. `clean_run` counts those since the last mismatch: the gate asks for it."""

    capability = models.CharField(max_length=255, primary_key=True)
    comparisons = models.PositiveBigIntegerField()
    mismatches = models.PositiveBigIntegerField()
    dropped = models.PositiveBigIntegerField(help_text="Calls that found the queue full.")
    clean_run = models.PositiveBigIntegerField(help_text="Comparisons since the last mismatch.")
    last_at = models.DateTimeField()

    class Meta:
        db_table = "strangler_shadow_tally"
        ordering: ClassVar = ["capability"]
        verbose_name = "shadow tally"
        verbose_name_plural = "shadow tallies"

    def __str__(self) -> str:
        return self.capability


class ShadowCause(models.Model):
    """The places in which answers differed, and how often just these."""

    capability = models.CharField(max_length=255)
    cause = models.TextField()
    count = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "strangler_shadow_cause"
        ordering: ClassVar = ["-count", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["capability", "cause"], name="shadow_cause_once")]

    def __str__(self) -> str:
        return f"{self.capability}: {self.cause}"


class ShadowMismatch(models.Model):
    """An example of a cause, with both answers; the latest few are kept."""

    cause = models.ForeignKey(ShadowCause, on_delete=models.CASCADE, related_name="examples")
    arguments = models.TextField()
    monolith = models.TextField(help_text="JSON.")
    service = models.TextField(help_text="JSON.")
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "strangler_shadow_mismatch"
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "shadow mismatches"

    def __str__(self) -> str:
        return self.arguments
