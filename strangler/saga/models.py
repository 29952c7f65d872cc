"""Where every instance of every saga is, and how it came there."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class SagaInstance(models.Model):
    """One undertaking. A single row is locked, changed and committed with whatever a step does.

    Whoever has `due_at` set will be looked after by `manage.py saga work` then, whatever else happens.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"
        COMPENSATING = "compensating"
        STUCK = "stuck"
        COMPLETED = "completed"
        COMPENSATED = "compensated"

    saga = models.CharField(max_length=127)
    key = models.CharField(max_length=255)
    status = models.CharField(max_length=12, choices=Status.choices)
    step = models.CharField(max_length=127, blank=True, help_text="What is run, waited for or undone; else empty.")
    undoing = models.BooleanField(default=False, help_text="Backwards: what was done is being undone, or was.")
    data = models.JSONField(help_text="What the saga remembers.")
    trail = models.JSONField(default=list, help_text="The steps begun, in that order, and what is known of each.")
    answer = models.TextField(blank=True, default="", help_text="A message that could not be made use of yet.")
    attempts = models.PositiveIntegerField(default=0, help_text="How often what is at hand was started.")
    due_at = models.DateTimeField(null=True, help_text="When the worker goes on by itself: a deadline or a retry.")
    error = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="", help_text="Why it is, or was, undone.")
    correlation_id = models.CharField(max_length=255, help_text="Of all events that its steps publish.")
    traceparent = models.CharField(max_length=55)
    started_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, help_text="When it was completed or compensated, the first time.")

    class Meta:
        db_table = "strangler_saga"
        ordering: ClassVar = ["-id"]
        verbose_name = "saga"
        permissions: ClassVar = [
            ("resume_sagainstance", "Can resume a stuck saga"),
            ("compensate_sagainstance", "Can have a saga compensated"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["saga", "key"], name="saga_runs_once", condition=Q(finished_at=None)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["saga", "key", "id"], name="saga_by_key"),
            models.Index(fields=["due_at"], name="saga_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["saga", "id"], name="saga_stuck", condition=Q(status="stuck")),
        ]

    def __str__(self) -> str:
        return f"{self.saga} {self.key}"


class HistoryEntry(models.Model):
    """What happened to an instance: rows are added, never changed."""

    class What(models.TextChoices):
        STARTED = "started"
        ASKED = "asked"
        DONE = "done"
        REFUSED = "refused"
        NO_ANSWER = "no answer"
        POSTPONED = "postponed"
        FAILED = "failed"
        UNDONE = "undone"
        IGNORED = "ignored"
        LATE = "late"
        STUCK = "stuck"
        RESUMED = "resumed"
        CALLED_OFF = "called off"
        COMPLETED = "completed"
        COMPENSATED = "compensated"

    instance = models.ForeignKey(SagaInstance, on_delete=models.CASCADE, related_name="history")
    at = models.DateTimeField()
    what = models.CharField(max_length=11, choices=What.choices)
    step = models.CharField(max_length=127, blank=True)
    event_id = models.UUIDField(null=True, help_text="The message that caused it.")
    by = models.CharField(max_length=255, blank=True, help_text="The person who asked for it.")
    note = models.TextField(blank=True)

    class Meta:
        db_table = "strangler_saga_history"
        ordering: ClassVar = ["id"]
        verbose_name = "history entry"
        verbose_name_plural = "history"

    def __str__(self) -> str:
        return f"{self.what} {self.step}".strip()
