"""`manage.py audit_writes`: which rows changed without an event, as the database's own log has it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Any

from django.core.management.base import CommandError
from django.db import connections, router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.cutover.silent_writes import capture
from strangler.cutover.silent_writes.declared import declared_models
from strangler.cutover.silent_writes.reader import AuditReader
from strangler.outages import survive_outages
from strangler.outbox.models import OutboxMessage
from strangler.relay.log import preconditions, sql
from strangler.relay.log.source import Source, source_of
from strangler.stopping import stop_on_signals

_MARK = "SELECT (pg_logical_emit_message(true, %s, '') - '0/0'::pg_lsn)::bigint"
_POLL_SECONDS = 0.5


class Command(KitCommand):
    help = (
        'Read the log of the models in STRANGLER["MODELS_WITH_EVENTS"] and of the outbox, and report each transaction '
        "that changed rows without publishing their events. The first run makes a slot, where the audit begins; "
        "it keeps log until the next run has read it, and must be dropped when nobody reads it any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--once", action="store_true", help="up to now; exits 1 when something was silent")
        what.add_argument("--follow", action="store_true", help="until SIGTERM or SIGINT")
        what.add_argument("--drop", action="store_true", help="remove the slot and its publications")
        parser.add_argument("--slot", default="strangler_audit", help="its name, and its publications' (%(default)s)")
        parser.add_argument("--json", action="store_true", help="for machines: a JSON document in each line")

    def handle(self, *args: Any, **options: Any) -> None:
        self._json = options["json"]
        self._found = 0
        self._connection = connections[router.db_for_write(OutboxMessage)]
        self._names = capture.Names.of(options["slot"], settings.cdc)
        source = source_of(settings.cdc)
        if options["drop"]:
            for line in capture.drop(self._connection, source, self._names) or ["there was nothing to remove"]:
                self.stdout.write(line)
        elif options["follow"]:
            with stop_on_signals() as stop:
                survive_outages(lambda: self._follow(source, stop), stop=stop, backoff_max=settings.relay_backoff_max)
        else:
            self._once(source)

    def _follow(self, source: Source, stop: Event) -> None:
        self._connection.close()  # what an outage has left of it
        with self._reader(source) as reader:
            self._connection.close()
            while not stop.is_set():
                self._report(reader)

    def _once(self, source: Source) -> None:
        with self._reader(source) as reader:
            with source.connect() as log:
                ((end,),) = log.execute(_MARK, [sql.HEARTBEAT_MESSAGE]).fetchall()
            while reader.seen < end:
                self._report(reader)
            reader.done_with_all()
        if self._found:
            raise CommandError(f"{self._found} silent changes", returncode=1)
        self.stderr.write("nothing changed without its event")

    @contextmanager
    def _reader(self, source: Source) -> Iterator[AuditReader]:
        tables = capture.tables_of(self._connection, declared_models())
        for line in capture.prepare(self._connection, source, self._names, tables):
            self.stderr.write(line)
        outbox = preconditions.outbox_schema(self._connection), sql.TABLE
        with (
            closing(source.connect_to_log()) as session,
            AuditReader(
                session, slot=self._names.slot, publications=self._names[1:], tables=tables, outbox=outbox
            ) as reader,
        ):
            yield reader

    def _report(self, reader: AuditReader) -> None:
        """What was told is the slot's to forget: killed in between, the next run tells it again."""
        transactions = reader.poll(_POLL_SECONDS)
        for change in (change for changes in transactions for change in changes):
            self._found += 1
            self.stdout.write(json.dumps(change.as_json()) if self._json else change.line())
        if transactions:
            self.stdout.flush()
            reader.done()
