"""Streams, snapshots of what came of them, and how far each projection has read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func
from django.db.models.functions import Now

FIRST = -(2**63)
"""Before every transaction."""


class CurrentTransaction(Func):
    """The 64-bit id of the transaction in force, which no later one of this database server will ever have."""

    template = "pg_current_xact_id()::text::bigint"

    def __init__(self) -> None:
        super().__init__(output_field=models.BigIntegerField())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "strangler.eventstore.models.CurrentTransaction", [], {}


class ClockTimestamp(Func):
    """Now, and not when the transaction began: a stream's events are recorded one after the other."""

    template = "clock_timestamp()"

    def __init__(self) -> None:
        super().__init__(output_field=models.DateTimeField())

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "strangler.eventstore.models.ClockTimestamp", [], {}


class StreamEvent(models.Model):
    """One event of a stream. Rows are added; a trigger refuses to change or delete them.

    `position` has gaps, and is taken before the commit: whoever reads on goes by `transaction_id` first
    (`strangler.eventstore.reading`), which is that of the event before where that one's is higher.
    """

    position = models.BigAutoField(primary_key=True)
    transaction_id = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    category = models.CharField(max_length=127)
    key = models.CharField(max_length=255)
    version = models.PositiveIntegerField()
    type = models.CharField(max_length=255, help_text="With the version that was recorded.")
    data = models.TextField(help_text="As it was recorded, JSON.")
    correlation_id = models.CharField(max_length=255)
    causation_id = models.CharField(max_length=255, blank=True, help_text="The message that was being handled.")
    recorded_at = models.DateTimeField(db_default=ClockTimestamp())

    class Meta:
        db_table = "strangler_stream_event"
        verbose_name = "event of a stream"
        verbose_name_plural = "events of streams"
        ordering: ClassVar = ["-position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "category", "version"], name="stream_version"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["category", "transaction_id", "position"], name="stream_global_order"),
            models.Index(fields=["correlation_id"], name="stream_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.category}-{self.key} v{self.version} {self.type}"


class StreamSnapshot(models.Model):
    """The state after event `version`: only ever a shortcut. `shape` is what it was of."""

    category = models.CharField(max_length=127)
    key = models.CharField(max_length=255)
    version = models.PositiveIntegerField()
    shape = models.CharField(max_length=63)
    state = models.TextField()

    class Meta:
        db_table = "strangler_stream_snapshot"
        verbose_name = "snapshot"
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "category"], name="stream_snapshot")]

    def __str__(self) -> str:
        return f"{self.category}-{self.key} v{self.version}"


class Checkpoint(models.Model):
    """How far a projection has come: the last event it was given, as transaction and position.

    Whoever gives it events holds the row's lock. `streams` are those that it was made of.
    """

    name = models.CharField(primary_key=True, max_length=127)
    streams = ArrayField(models.TextField())
    transaction_id = models.BigIntegerField(db_default=FIRST)
    position = models.BigIntegerField(db_default=0)
    handled = models.BigIntegerField(db_default=0, help_text="Events, since it was last built from the first one.")
    expected = models.BigIntegerField(db_default=0, help_text="Events there were when it was last built.")
    built_at = models.DateTimeField(db_default=Now(), help_text="When it began with the first event.")
    moved_at = models.DateTimeField(db_default=Now())
    error = models.TextField(blank=True, db_default="", help_text="Why it does not go on.")

    class Meta:
        db_table = "strangler_projection"
        verbose_name = "projection"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
