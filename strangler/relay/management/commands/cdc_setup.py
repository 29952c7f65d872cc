"""`manage.py cdc_setup`: make the outbox's database ready for whoever reads its log."""

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
from strangler.relay.debezium.handover import carrier_of_settings, make_slot_and_carry
from strangler.relay.log.setup import prepare
from strangler.relay.log.slot import is_missing
from strangler.relay.log.source import source_of


class Command(KitCommand):
    help = (
        "Create the role, the right to connect and the publication that reading the log takes, where they are missing. "
        'The role is that of STRANGLER["CDC"]["DATABASE_URL"]. Where STRANGLER["RELAY"] is "server" or "connect", '
        "the slot too, and then everything that is pending is carried, because a new slot does not have it."
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
        done = prepare(connections[alias], settings.cdc)
        if settings.relay in {"server", "connect"}:
            done += _lasting_slot()
        for line in done or ["everything was there already"]:
            self.stdout.write(line)

    def _write(self, folder: Path) -> None:
        for name, text in _files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.stdout.write(str(path))


def _files() -> dict[str, str]:
    return files.generated(settings.cdc, batch_size=settings.relay_batch_size, exchange=settings.exchange)


def _lasting_slot() -> list[str]:
    source = source_of(settings.cdc)
    if not is_missing(settings.cdc.slot, source):
        return []
    carrier = carrier_of_settings()
    carried = make_slot_and_carry(settings.cdc.slot, source, carrier)
    return [f"slot {settings.cdc.slot}: made", f"outbox: {carried} pending events carried, the slot has the rest"]
