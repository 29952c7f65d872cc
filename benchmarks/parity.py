"""What a comparison reads, beside fetching everything: `python -m benchmarks.parity --rows 1000000`.

Two databases on one server, the service in a process of its own behind HTTP, three of its rows wrong. Beside it the
obvious: each side's rows by COPY, compared here, which is the fastest way to fetch them all.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from typing import LiteralString

import psycopg
from psycopg import Connection

WRONG = (
    "UPDATE sample_effect SET step = 100 WHERE thing = (SELECT max(thing) FROM sample_effect WHERE id < 12346)",
    "DELETE FROM sample_effect WHERE id = (SELECT max(id) / 2 FROM sample_effect)",
    "INSERT INTO sample_effect (thing, step, consumer_group, handled_at) VALUES ('S-9', 1, 'sample', now())",
)
FILL: LiteralString = (
    "INSERT INTO sample_effect (thing, step, consumer_group, handled_at) "
    "SELECT 'S-' || lpad(n::text, 7, '0'), n % 100, 'sample', now() FROM generate_series(1, {}) n"
)
INDEX = "CREATE INDEX thing_like ON sample_effect (thing varchar_pattern_ops)"
EVERYTHING = "COPY (SELECT thing, step, consumer_group FROM sample_effect) TO STDOUT"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    monolith_url = _monolith()
    from tests.support.service import sample_service

    service = sample_service()
    with psycopg.connect(monolith_url, autocommit=True) as monolith:
        for side in (monolith, service.database):
            side.execute(psycopg.sql.SQL(FILL).format(rows))
            side.execute(INDEX)
            side.execute("VACUUM ANALYZE sample_effect")
        for statement in WRONG:
            service.database.execute(statement)
        read = _compare(service.url, service.token)
        fetched = _fetch(monolith, service.database)
    print(f"everything is {fetched / read:,.0f} times as much")


def _monolith() -> str:
    """A database of the sample project, migrated; Django is set up for it."""
    from tests.stack.postgres import server

    server().ensure_role("tests")
    server().ensure_database("parity_monolith", "tests")
    url = server().url("parity_monolith", "tests")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.sample.settings", "DATABASE_URL": url}
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return url


def _compare(url: str, token: str) -> int:
    """Bytes over the wire."""
    from django.conf import settings
    from django.test import override_settings

    from strangler.cutover.parity.comparing import compare
    from strangler.cutover.parity.declared import parities

    known = {"SERVICES": {"sample": {"URL": url, "TOKEN": token}}}
    with override_settings(STRANGLER={**settings.STRANGLER, **known}):
        outcome = compare(parities["sample", "effects"], grace=0, limit=10_000, progress=lambda rows, expected: None)
    traffic = outcome.traffic
    print({str(kind): keys for kind, keys in outcome.keys.items()})
    print(f"{outcome.compared:,} rows compared in {outcome.seconds:.1f} s, without a grace")
    print(f"{traffic.requests} requests, {traffic.sent:,} bytes sent, {traffic.received:,} bytes received")
    return traffic.sent + traffic.received


def _fetch(monolith: Connection, service: Connection) -> int:
    """Bytes of all the service's rows, as COPY writes them."""
    started, size = time.monotonic(), 0
    ours, theirs = {bytes(row) for row in _rows(monolith)}, set()
    for row in _rows(service):
        size += len(row)
        theirs.add(bytes(row))
    seconds = time.monotonic() - started
    print(f"everything: {size:,} bytes in {seconds:.1f} s, {len(ours ^ theirs)} rows differ")
    return size


def _rows(connection: Connection) -> Iterator[bytes]:
    with connection.cursor() as cursor, cursor.copy(EVERYTHING) as copy:
        yield from copy


if __name__ == "__main__":
    main()
