"""`manage.py cdc_setup`: make the outbox's database ready for `RELAY=debezium`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import connections, router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outbox.models import OutboxMessage
from strangler.relay.debezium import files
from strangler.relay.debezium.setup import prepare


class Command(KitCommand):
    help = (
        "Create the role, the right to connect and the publication that Debezium needs, as far as they are missing. "
        'The role is that of STRANGLER["DEBEZIUM"]["DATABASE_URL"].'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--database", help="alias of a connection with more privileges to the same database")
        parser.add_argument("--write", metavar="FOLDER", type=Path, help="only write the SQL and properties there")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            self._write(options["write"])
        else:
            self._prepare(options["database"] or router.db_for_write(OutboxMessage))

    def _prepare(self, alias: str) -> None:
        if alias not in connections:
            raise CommandError(f"--database {alias}: DATABASES has {', '.join(connections)}")
        for line in prepare(connections[alias], settings.debezium) or ["everything was there already"]:
            self.stdout.write(line)

    def _write(self, folder: Path) -> None:
        for name, text in files.generated(settings.debezium, batch_size=settings.relay_batch_size).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.stdout.write(str(path))
