"""What the kit's commands have in common: a user's mistake ends in one line with the way out, not in a traceback."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

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
