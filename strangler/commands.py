"""What the kit's commands have in common: a user's mistake ends in one line with the way out, not in a traceback."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

from strangler.conf import MOST_HOURS, settings
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


class PruneCommand(KitCommand):
    """Deletes what is older than `--hours`, or than what `setting` says."""

    setting: ClassVar[str] = "INBOX_RETENTION_HOURS"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_hours(parser, self.setting)

    def handle(self, *_args: Any, hours: float | None, **_options: Any) -> None:
        hours = hours_or(self.setting, hours)
        self.stdout.write(f"deleted {self.prune(timedelta(hours=hours), f'{hours:g} hours')}")

    @abstractmethod
    def prune(self, older_than: timedelta, age: str) -> str:
        """Returns what was deleted, in words; `age` is `older_than` in words."""
        ...


def add_hours(parser: ArgumentParser, setting: str) -> None:
    parser.add_argument("--hours", type=float, help=f'instead of STRANGLER["{setting}"]')


def hours_or(setting: str, hours: float | None) -> float:
    """What `--hours` says, or else the setting. Raises CommandError."""
    return float(getattr(settings, setting.lower())) if hours is None else checked_hours("--hours", hours)


def checked_hours(option: str, hours: float) -> float:
    """Raises CommandError, naming the option, where so long ago is no date."""
    if not 0 <= hours <= MOST_HOURS:
        raise CommandError(f"{option} {hours}: give a number of hours from 0 to {MOST_HOURS:,}")
    return hours


def add_interval(parser: ArgumentParser, default: float) -> None:
    parser.add_argument("--interval", type=float, default=default, help=f"seconds between rounds (default {default:g})")


def check_interval(interval: float) -> None:
    """Raises CommandError where a command would never pause."""
    if interval <= 0:
        raise CommandError(f"--interval must be more than 0 seconds, not {interval:g}.")
