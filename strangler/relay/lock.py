"""Only one kind of relay works at a time, so that switching kinds while both run reorders nothing.

Polling relays share the lock, a log-based relay holds it alone. It belongs to the database session that does the
work: when that session ends, however it ends, the lock is free.
"""

from __future__ import annotations

from threading import Event

import structlog
from django.db.backends.base.base import BaseDatabaseWrapper

log = structlog.get_logger(__name__)

_KEY = 0x7374_7261_6E67_6C65  # "strangle"
_RETRY_SECONDS = 0.2


def acquire(connection: BaseDatabaseWrapper, *, shared: bool, stop: Event) -> bool:
    """Wait until the lock is ours; False when `stop` was set first."""
    function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
    waiting = False
    while not stop.is_set():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_KEY])
            if cursor.fetchone() == (True,):
                return True
        if not waiting:
            log.warning("relay_waits", reason="a relay of the other kind still runs on this outbox; stop it to go on")
            waiting = True
        stop.wait(_RETRY_SECONDS)
    return False
