"""faststream-outbox: not Django's, but the fastest published relay of an outbox in PostgreSQL that we found.

- LISTEN/NOTIFY with asyncpg; 500 rows a fetch instead of 10, 32 workers instead of 1, terminal deletes 100 at a time.
- FastStream's RabbitMQ publisher confirms each message; 32 are under way at once.
- uvloop, no access log.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.broker import EXCHANGE, ROUTING_KEY, URL

NAME = "faststream-outbox"
APPS: list[str] = []
NOTIFIES = True
SETTINGS: dict[str, Any] = {}
WORKERS = 32
_TABLE = "faststream_outbox"


def _outbox() -> tuple[Any, Any, Any]:
    from faststream_outbox import OutboxBroker, make_outbox_table
    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import create_async_engine

    metadata = MetaData()
    table = make_outbox_table(metadata, table_name=_TABLE)
    url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, pool_size=WORKERS + 4)
    return engine, metadata, OutboxBroker(engine, outbox_table=table, logger=None)


def migrate() -> None:
    async def create() -> None:
        engine, metadata, _ = _outbox()
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        await engine.dispose()

    asyncio.run(create())


class _Recorder:
    """One loop and one engine for as long as the process records."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._engine, _, self._broker = _outbox()
        self._runner.run(self._broker.connect())

    def record(self, bodies: Sequence[dict[str, Any]]) -> float:
        return self._runner.run(self._record(bodies))

    async def _record(self, bodies: Sequence[dict[str, Any]]) -> float:
        async with self._engine.begin() as connection:
            if len(bodies) == 1:
                await self._broker.publish(bodies[0], queue="stock", session=connection)
            else:
                await self._broker.publish_batch(*bodies, queue="stock", session=connection)
            return time.monotonic()


_recorders: list[_Recorder] = []


def record(bodies: Sequence[dict[str, Any]]) -> float:
    if not _recorders:
        _recorders.append(_Recorder())
    return _recorders[0].record(bodies)


def relay() -> None:
    import uvloop

    uvloop.run(_relay())


async def _relay() -> None:
    from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange

    _, _, outbox = _outbox()
    rabbit = RabbitBroker(URL, logger=None)
    exchange = RabbitExchange(EXCHANGE, type=ExchangeType.TOPIC, durable=True, declare=False)

    @outbox.subscriber(
        "stock",
        max_workers=WORKERS,
        fetch_batch_size=500,
        min_fetch_interval=0.01,
        max_fetch_interval=1.0,
        terminal_flush_batch_size=100,
    )
    async def carry(body: dict[str, Any]) -> None:
        await rabbit.publish(
            json.dumps(body).encode(), exchange=exchange, routing_key=ROUTING_KEY, mandatory=True, persist=True
        )

    await rabbit.connect()
    await outbox.start()
    await asyncio.Event().wait()
