"""What a consumer group has handled, and the messages it could not handle yet.

Idempotent consumer: <https://microservices.io/patterns/communication-style/idempotent-consumer.html>
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class InboxMessage(models.Model):
    """Exists if and only if the effect of the message in this consumer group is committed."""

    pk = models.CompositePrimaryKey("consumer_group", "message_id")
    consumer_group = models.CharField(max_length=127)
    message_id = models.UUIDField()
    handled_at = models.DateTimeField()

    class Meta:
        db_table = "strangler_inbox"
        verbose_name = "inbox message"

    def __str__(self) -> str:
        return f"{self.consumer_group} {self.message_id}"


class ParkedMessage(models.Model):
    """A message taken from the broker but not handled yet; `id` is the order of arrival.

    The oldest of its key is tried again until it succeeds or is dead; every later one of that key waits behind it.
    """

    class Status(models.TextChoices):
        RETRYING = "retrying"
        DEAD = "dead"
        DISCARDED = "discarded"

    consumer_group = models.CharField(max_length=127)
    message_id = models.UUIDField()
    key = models.CharField(max_length=511)
    type = models.CharField(max_length=255)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.RETRYING)
    attempts = models.PositiveIntegerField(default=0, help_text="How often a handler was started.")
    next_attempt_at = models.DateTimeField()
    error = models.TextField(blank=True, default="")
    payload = models.TextField(help_text="The message as it arrived.")
    correction = models.TextField(blank=True, default="", help_text="Handled in place of the payload, when given.")
    parked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "strangler_parked_message"
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["consumer_group", "message_id"], name="parked_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["consumer_group", "key", "id"], name="parked_by_key", condition=~Q(status="discarded")
            ),
            models.Index(
                fields=["consumer_group", "next_attempt_at"], name="parked_due", condition=Q(status="retrying")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class DeadLetters(models.Manager["DeadLetter"]):
    def get_queryset(self) -> models.QuerySet[DeadLetter]:
        return super().get_queryset().filter(status=ParkedMessage.Status.DEAD)


class DeadLetter(ParkedMessage):
    """A parked message that nobody will try again until a person redrives it."""

    objects: ClassVar = DeadLetters()

    class Meta:
        proxy = True
        verbose_name = "dead letter"
