"""Does any other slot of this database keep log for nobody: an abandoned audit's, or somebody else's?"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from strangler.relay.doctor.finding import Finding, Severity, size
from strangler.relay.doctor.slot import LOST, MUCH_LOG
from strangler.relay.log.slot import drop_text

_UNREAD = """
    SELECT slot_name, coalesce(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn), 0)::float, wal_status
    FROM pg_replication_slots
    WHERE database = current_database() AND slot_name <> %s AND active_pid IS NULL
    ORDER BY slot_name
"""


def findings(log: psycopg.Connection, name: str) -> Iterator[Finding]:
    """Only of those that keep much: an audit that runs every hour is right to have a slot that nobody reads now."""
    for slot, kept, status in log.execute(_UNREAD, [name]).fetchall():
        if kept > MUCH_LOG or status in LOST:
            what = f"nobody reads slot {slot}, and it keeps {size(kept)} of log (wal_status {status})"
            remedy = (
                f"if it is an audit's, run `manage.py audit_writes --once --slot {slot}`, or give it up with --drop; "
                f"if nobody needs it, {drop_text(slot)}"
            )
            yield Finding("unread_slot", Severity.WARNING, what, kept, "bytes", remedy)
