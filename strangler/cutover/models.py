"""What was found out about a context on its way."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from strangler.conf import Stage, StageSetting

STAGES = [(stage.value, stage.value) for stage in Stage]


class ShadowTally(models.Model):
    """Comparisons of one capability. `clean_run` counts those since the last mismatch: the gate asks for it."""

    capability = models.CharField(max_length=255, primary_key=True)
    comparisons = models.PositiveBigIntegerField()
    mismatches = models.PositiveBigIntegerField()
    unsettled = models.PositiveBigIntegerField(help_text="Differed, but the monolith's answer was changing itself.")
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


class StageChange(models.Model):
    """Who moved a context, when, why, and what the gates said: rows are added, never changed.

    The latest row of a context whose `source` is `database` is its stage, where `STAGE_SOURCE` is `"database"` too.
    One made under `"settings"` is on file, and moves nothing, whatever `STAGE_SOURCE` becomes.
    """

    class Source(models.TextChoices):
        SETTINGS = "settings"
        DATABASE = "database"

    context = models.CharField(max_length=127)
    from_stage = models.CharField(max_length=9, choices=STAGES)
    from_percent = models.PositiveSmallIntegerField(default=0, help_text="Of keys; for canary only.")
    to_stage = models.CharField(max_length=9, choices=STAGES)
    to_percent = models.PositiveSmallIntegerField(default=0, help_text="Of keys; for canary only.")
    source = models.CharField(max_length=8, choices=Source.choices, help_text="STAGE_SOURCE at that time.")
    decided_at = models.DateTimeField(db_default=Now())
    decided_by = models.CharField(max_length=255)
    reason = models.TextField(blank=True, default="")
    forced = models.BooleanField(default=False, help_text="Although a gate failed.")
    gates = models.JSONField(default=list, help_text="What each gate found.")

    class Meta:
        db_table = "strangler_stage_change"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index("context", F("id").desc(), name="stage_override", condition=Q(source="database"))
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="stage_change_stages",
                condition=Q(from_stage__in=[stage for stage, _ in STAGES], to_stage__in=[stage for stage, _ in STAGES]),
            ),
            models.CheckConstraint(
                name="stage_change_percents", condition=Q(from_percent__lte=100, to_percent__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.context}: {self.before} → {self.after}"

    @property
    def before(self) -> StageSetting:
        return StageSetting(stage=Stage(self.from_stage), percent=self.from_percent)

    @property
    def after(self) -> StageSetting:
        return StageSetting(stage=Stage(self.to_stage), percent=self.to_percent)


class BackfillRun(models.Model):
    """How far a backfill has come for a consumer group. Primary keys are kept as text, whatever they are."""

    group = models.CharField(max_length=255, db_column="consumer_group")
    name = models.CharField(max_length=127)
    version = models.PositiveIntegerField()
    position = models.TextField(null=True, help_text="Primary key of the last row told; empty before the first.")
    ahead = models.JSONField(null=True, help_text="Primary keys behind that, of rows that were told already.")
    last = models.TextField(null=True, help_text="Primary key at which it ends: the largest when it began.")
    done = models.PositiveBigIntegerField(help_text="Rows told.")
    expected = models.PositiveBigIntegerField(help_text="Rows there were to tell when it began.")
    started_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "strangler_backfill_run"
        ordering: ClassVar = ["group", "name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["group", "name"], name="backfill_run_once")]

    def __str__(self) -> str:
        return f"{self.name} for {self.group}"


class ParityReport(models.Model):
    """One comparison of the monolith's rows with the service's. The latest of each name is what the gates ask for."""

    context = models.CharField(max_length=127)
    name = models.CharField(max_length=255)
    compared = models.PositiveBigIntegerField(help_text="Rows of the monolith.")
    mismatches = models.PositiveBigIntegerField(help_text="Rows that differ, missing and extra ones too.")
    missing = models.PositiveBigIntegerField(help_text="Of the mismatches: rows that the service lacks.")
    extra = models.PositiveBigIntegerField(help_text="Of the mismatches: rows that only the service has.")
    in_flight = models.PositiveBigIntegerField(help_text="Rows that still changed when last looked at; no mismatches.")
    complete = models.BooleanField(help_text="No: there were more differences than were looked for.")
    clean_runs = models.PositiveIntegerField(help_text="Complete runs without a mismatch, in a row up to this one.")
    clean_since = models.DateTimeField(null=True, help_text="When the first of these runs ended.")
    examples = models.JSONField(default=list, help_text="Keys, columns that differ, and what both sides say.")
    requests = models.PositiveIntegerField()
    bytes = models.PositiveBigIntegerField(help_text="Bodies of requests and answers.")
    seconds = models.FloatField()
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "strangler_parity_report"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["context", "name", "-id"], name="parity_latest")]

    def __str__(self) -> str:
        return f"{self.context}.{self.name}"
