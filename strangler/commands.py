"""What the kit's commands have in common: a user's mistake ends in one line with the way out, not in a traceback."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

from strangler.conf import settings
from strangler.errors import StranglerError


class KitCommand(BaseCommand):
    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except StranglerError as error:
            raise CommandError(str(error)) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            first_line = str(error).strip().partition("\n")[0]
            raise CommandError(f"{first_line}: run `manage.py migrate` first") from error


class AnswersPruneCommand(KitCommand):
    """Forgets what nobody asks again once the inbox has forgotten that it was asked."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=float, help='instead of STRANGLER["INBOX_RETENTION_HOURS"]')

    def handle(self, *_args: Any, hours: float | None, **_options: Any) -> None:
        hours = settings.inbox_retention_hours if hours is None else hours
        if not 0 <= hours <= 1_000_000:
            raise CommandError(f"--hours {hours}: give a number of hours from 0")
        self.stdout.write(f"deleted {self.prune(timedelta(hours=hours), f'{hours:g} hours')}")

    @abstractmethod
    def prune(self, older_than: timedelta, age: str) -> str:
        """Returns what was deleted, in words; `age` is `older_than` in words."""
        ...
