from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from benchmarks.peers.effect import move_stock

_RECORD = "INSERT INTO peer_received (id) VALUES (%s) ON CONFLICT DO NOTHING"


def handle_once(body: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RECORD, [body["id"]])
        if cursor.rowcount:
            move_stock(body["data"])
