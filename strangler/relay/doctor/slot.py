"""Is there a slot, does somebody read it, how far behind is it, and how much log does that keep?

<https://www.postgresql.org/docs/18/view-pg-replication-slots.html>
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row
from psycopg.sql import Identifier

from strangler.conf import CdcSettings
from strangler.relay.doctor.finding import Finding, Severity, size
from strangler.relay.log import sql
from strangler.relay.log.sql import HEARTBEAT_MESSAGE

RECOVER = "stop `manage.py relay`, then run `manage.py cdc_doctor --recover`"
START = {
    "stream": "start `manage.py relay`",
    "debezium": "start `manage.py relay`",
    "server": "start Debezium Server; its own log says why it stopped",
    "connect": "`manage.py debezium status` says why; `manage.py debezium restart`",
}
MUCH_LOG = 1024**3
_LOOK_SECONDS = 0.1
_LATE_HEARTBEATS = 5
LOST = {"lost", "unreserved"}
_STATE = """
    SELECT coalesce(plugin, slot_type) AS plugin, database, active_pid AS pid, coalesce(wal_status, 'lost') AS status,
        safe_wal_size AS safe,
        pg_wal_lsn_diff(pg_current_wal_insert_lsn(), confirmed_flush_lsn)::float AS lag,
        pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn)::float AS kept,
        pg_size_bytes(current_setting('max_slot_wal_keep_size')) AS bound,
        (SELECT extract(epoch FROM clock_timestamp() - reply_time)::float FROM pg_stat_replication
         WHERE pid = active_pid) AS silence
    FROM pg_replication_slots WHERE slot_name = %s
"""
_MARK = "SELECT pg_logical_emit_message(false, %s, '')::text"
_PASSED = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"


class State(NamedTuple):
    """Sizes are bytes, `silence` is seconds. `bound` is negative where there is none."""

    plugin: str
    database: str | None
    pid: int | None
    status: str
    safe: int | None
    lag: float | None
    kept: float | None
    bound: int
    silence: float | None


def findings(log: psycopg.Connection, cdc: CdcSettings, *, relay: str, probe_seconds: float) -> Iterator[Finding]:
    yield _wal_level(log)
    name = cdc.slot
    with log.cursor(row_factory=class_row(State)) as cursor:
        state = cursor.execute(_STATE, [name]).fetchone()
    if state is None:
        yield _missing(name, relay)
    elif (state.database, state.plugin) != (log.info.dbname, "pgoutput"):
        what = f"slot {name} is a {state.plugin} slot of database {state.database}"
        yield Finding("slot", Severity.CRITICAL, what, remedy='set STRANGLER["CDC"]["SLOT"] to a name of its own')
    elif state.status == "lost":
        what = f"slot {name} is lost: the log it needs was deleted, events were skipped"
        yield Finding("slot", Severity.CRITICAL, what, remedy=RECOVER, recoverable=True)
    else:
        yield _activity(name, state, relay)
        yield _kept(name, state)
        yield _lag(log, name, state, probe_seconds)
        if state.pid is not None:
            yield _heartbeat(state.silence, cdc.heartbeat_interval_ms / 1000, role=log.info.user)


def _wal_level(log: psycopg.Connection) -> Finding:
    (level,) = log.execute("SHOW wal_level").fetchone() or ("unknown",)
    if level == "logical":
        return Finding("wal_level", Severity.OK, "wal_level is logical")
    remedy = "ALTER SYSTEM SET wal_level = logical; and restart PostgreSQL"
    return Finding("wal_level", Severity.CRITICAL, f"wal_level is {level}: nothing can be read", remedy=remedy)


def _missing(name: str, relay: str) -> Finding:
    if relay not in {"server", "connect"}:
        what = f"no slot {name}: `manage.py relay` makes one for each run, and none runs"
        return Finding("slot", Severity.WARNING, what, remedy=START["debezium"])
    what = f"slot {name} is missing: what is committed now is in no stream"
    remedy = f"if it never was there, `manage.py cdc_setup`; else events were skipped: {RECOVER}"
    return Finding("slot", Severity.CRITICAL, what, remedy=remedy, recoverable=True)


def _activity(name: str, state: State, relay: str) -> Finding:
    if state.pid is not None:
        return Finding("slot", Severity.OK, f"slot {name} is read by process {state.pid} of the server")
    what = f"nobody reads slot {name}: log is kept and no event is carried"
    return Finding("slot", Severity.CRITICAL, what, remedy=START.get(relay, START["debezium"]))


def _kept(name: str, state: State) -> Finding:
    kept = state.kept or 0.0
    bound = size(state.bound) if state.bound >= 0 else "no bound"
    what = f"the slot keeps {size(kept)} of log (max_slot_wal_keep_size: {bound}, wal_status {state.status})"
    if state.status in LOST:
        remedy = "have the slot read again at once, or raise max_slot_wal_keep_size: the next checkpoint loses the slot"
        return Finding("wal_kept", Severity.CRITICAL, what, kept, "bytes", remedy)
    if state.bound >= 0 and kept > state.bound / 2:
        left = f", {size(state.safe)} more and slot {name} is lost" if state.safe is not None else ""
        remedy = "find out what holds its reader up, or raise max_slot_wal_keep_size"
        return Finding("wal_kept", Severity.WARNING, what + left, kept, "bytes", remedy)
    if state.bound < 0 and kept > MUCH_LOG:
        remedy = (
            "find out what holds its reader up, or the disk fills: ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; "
            "SELECT pg_reload_conf(); makes PostgreSQL give the slot up before"
        )
        return Finding("wal_kept", Severity.WARNING, what, kept, "bytes", remedy)
    return Finding("wal_kept", Severity.OK, what, kept, "bytes")


def _lag(log: psycopg.Connection, name: str, state: State, probe_seconds: float) -> Finding:
    """In seconds too, measured: how long until the slot has passed what is written to the log now."""
    behind = f"the slot is {size(state.lag or 0.0)} of log behind"
    if state.pid is None:
        return Finding("lag", Severity.WARNING, behind, state.lag, "bytes", "see the slot above")
    seconds = _seconds_to_pass(log, name, probe_seconds)
    if seconds is not None:
        what = f"{behind}; it passed a mark in the log after {seconds:.1f} s"
        return Finding("lag", Severity.OK, what, seconds, "seconds")
    what = f"{behind}; it did not pass a mark in the log within {probe_seconds:g} s"
    remedy = "if the figure falls from run to run, wait; else look into its reader's log: the broker may be away"
    return Finding("lag", Severity.WARNING, what, state.lag, "bytes", remedy)


def _seconds_to_pass(log: psycopg.Connection, name: str, probe_seconds: float) -> float | None:
    (mark,) = log.execute(_MARK, [HEARTBEAT_MESSAGE]).fetchone() or ("0/0",)
    started = time.monotonic()
    while (waited := time.monotonic() - started) < probe_seconds:
        if log.execute(_PASSED, [mark, name]).fetchone() == (True,):
            return waited
        time.sleep(_LOOK_SECONDS)
    return None


def _heartbeat(silence: float | None, interval: float, *, role: str) -> Finding:
    if silence is None:
        grant = f"{sql.text(sql.GRANT_STATISTICS.format(role=Identifier(role)))} shows it"
        return Finding("heartbeat", Severity.OK, f"{role} may not see when the reader was last heard", remedy=grant)
    what = f"the reader of the slot was heard {silence:.1f} s ago"
    if silence <= max(_LATE_HEARTBEATS * interval, 30.0):
        return Finding("heartbeat", Severity.OK, what, silence, "seconds")
    remedy = "it hangs, or the network lost it: restart it"
    return Finding("heartbeat", Severity.WARNING, what, silence, "seconds", remedy)
