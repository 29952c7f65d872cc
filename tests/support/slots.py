"""Replication slots that a test makes have to go before its role and database can."""

from __future__ import annotations

import psycopg

from tests.support.waiting import until


def drop_slot(superuser: psycopg.Connection, name: str) -> None:
    """As soon as the server sees that its reader is gone. Nothing to do where a relay was quicker."""

    def dropped() -> bool:
        try:
            superuser.execute("SELECT pg_drop_replication_slot(%s)", [name])
        except psycopg.errors.ObjectInUse:
            return False
        except psycopg.errors.UndefinedObject:
            return True
        return True

    until(dropped, "the slot to be dropped")
