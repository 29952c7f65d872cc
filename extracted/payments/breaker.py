"""The circuit breaker round the gateway, as one row for all workers: who fails too often is left alone for a while.

Closed, everybody calls. After `THRESHOLD` failures in a row it is open, and nobody does; when its time is over, one
worker makes one call. A success closes it, a failure opens it again, for longer.
Source: Michael Nygard, Release It!, "Circuit Breaker".
"""

import structlog
from django.db import connection

NAME = "gateway"
THRESHOLD = 5
OPEN_FOR, OPEN_AT_MOST = 1.0, 30.0  # seconds

# Who finds it open and its time over may make one call; until that has ended, or died, it is open for the others.
MAY_CALL = """
    INSERT INTO payments_circuitbreaker (name, failures, last_error, changed_at)
    VALUES (%(name)s, 0, '', clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET
        open_until = clock_timestamp() + interval '1 second' * %(lease)s
    WHERE payments_circuitbreaker.open_until <= clock_timestamp()
"""
STANDING = "SELECT open_until IS NULL FROM payments_circuitbreaker WHERE name = %s"
SUCCESS = """
    UPDATE payments_circuitbreaker SET failures = 0, open_until = NULL, changed_at = clock_timestamp()
    WHERE name = %s AND (failures > 0 OR open_until IS NOT NULL)
"""
FAILURE = """
    UPDATE payments_circuitbreaker SET
        failures = failures + 1,
        last_error = %(error)s,
        changed_at = clock_timestamp(),
        open_until = CASE WHEN failures + 1 < %(threshold)s THEN NULL ELSE clock_timestamp()
            + interval '1 second' * least(%(most)s, %(first)s * 2 ^ least(failures + 1 - %(threshold)s, 20)) END
    WHERE name = %(name)s
    RETURNING failures, open_until
"""

log = structlog.get_logger(__name__)


def calls_allowed(wanted: int, *, lease: float) -> int:
    """As many as wanted while it is closed; one for whoever comes first once its time is over; otherwise none."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [NAME])
        row = cursor.fetchone()
        if row and row[0]:
            return wanted
        cursor.execute(MAY_CALL, {"name": NAME, "lease": lease})
        return (1 if row else wanted) if cursor.rowcount else 0


def succeeded() -> None:
    with connection.cursor() as cursor:
        cursor.execute(SUCCESS, [NAME])
        if cursor.rowcount:
            log.info("gateway_is_back")


def failed(error: str) -> None:
    parameters = {"name": NAME, "error": error, "threshold": THRESHOLD, "first": OPEN_FOR, "most": OPEN_AT_MOST}
    with connection.cursor() as cursor:
        cursor.execute(FAILURE, parameters)
        row = cursor.fetchone()
    if row and row[1] is not None:
        log.warning("gateway_left_alone", failures=row[0], until=row[1].isoformat(), error=error)
