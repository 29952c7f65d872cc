"""Does the log carry inserts into the outbox, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg.sql import Identifier

from strangler.relay.doctor.finding import Finding, Severity
from strangler.relay.log import sql
from strangler.relay.log.sql import TABLE

_START_ANEW = "run `manage.py cdc_setup` and start `manage.py relay` again: it carries from the outbox what was skipped"
_SETUP = (
    "events are skipped: stop Debezium and `manage.py relay`, run `manage.py cdc_setup`, drop the slot, and have "
    "`manage.py cdc_doctor --recover` make it anew and carry what was skipped"
)
_KINDS = "SELECT puballtables, pubinsert, pubupdate OR pubdelete OR pubtruncate FROM pg_publication WHERE pubname = %s"
_TABLES = "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_publication_tables WHERE pubname = %s ORDER BY 1"


def findings(log: psycopg.Connection, name: str, schema: str, *, lasting_slot: bool) -> Iterator[Finding]:
    setup = _SETUP if lasting_slot else _START_ANEW
    outbox = f"{schema}.{TABLE}"
    kinds = log.execute(_KINDS, [name]).fetchone()
    if kinds is None:
        yield _finding(Severity.CRITICAL, f"publication {name} is missing", setup)
        return
    everything, inserts, more = kinds
    tables = [table for (table,) in log.execute(_TABLES, [name]).fetchall()]
    if outbox not in tables or not inserts:
        what = f"publication {name} does not publish the inserts of {outbox}"
        yield _finding(Severity.CRITICAL, what, setup)
        return
    publication = Identifier(name)
    if len(tables) > 1:
        others = len(tables) - 1
        table = sql.SET_TABLE.format(publication=publication, table=Identifier(schema, TABLE))
        remedy = "make it anew with `manage.py cdc_setup` after DROP PUBLICATION" if everything else sql.text(table)
        yield _finding(Severity.WARNING, f"publication {name} carries {others} other tables too, for nothing", remedy)
    if more:
        remedy = sql.text(sql.PUBLISH_INSERTS.format(publication=publication))
        yield _finding(Severity.WARNING, f"publication {name} carries more than inserts, for nothing", remedy)
    if len(tables) == 1 and not more:
        yield _finding(Severity.OK, f"publication {name} carries the inserts of {outbox} and nothing else")


def _finding(severity: Severity, what: str, remedy: str = "") -> Finding:
    return Finding("publication", severity, what, remedy=remedy)
