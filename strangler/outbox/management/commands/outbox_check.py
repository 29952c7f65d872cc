"""`manage.py outbox_check`: say whether events leave the outbox; for cron, beat or a probe."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import structlog
from django.core.management.base import CommandError
from django.db import router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outbox.health import MOST, outbox_health
from strangler.outbox.models import OutboxMessage

log = structlog.get_logger(__name__)


class Command(KitCommand):
    help = "End with an error when an event has waited in the outbox for longer than it should, or was refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--max-age", type=float, default=60.0, help="seconds an event may wait (default: 60)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.relay == "none" or not settings.broker_url:
            self.stdout.write("there is no relay or no broker: nothing is meant to leave the outbox")
            return
        health = outbox_health(router.db_for_write(OutboxMessage))
        waited = health.oldest or timedelta()
        count = f"{health.pending}{' or more' if health.pending == MOST else ''} pending"
        age = f"the oldest for {waited.total_seconds():.0f} s"
        figures = f"{count}, {health.refused} of them refused by the broker, {age}"
        if health.refused or waited.total_seconds() > options["max_age"]:
            log.error("outbox_is_behind", pending=health.pending, refused=health.refused, oldest=waited.total_seconds())
            raise CommandError(
                f"events do not leave the outbox: {figures}. Is `manage.py relay` running? What it says of the "
                "broker is in its log, what the broker said of a message in the admin's outbox"
            )
        self.stdout.write(figures)
