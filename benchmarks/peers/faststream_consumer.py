"""FastStream as a consumer, with asyncpg: dedupe and update in one transaction a message, as its users write it.

- A prefetch of 500 and 16 messages handled at once, on a pool of 16 connections; acknowledged after the commit.
- uvloop, no access log, no validation of the body (a plain dict).
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from benchmarks.peers.broker import EXCHANGE, QUEUE, ROUTING_KEY, URL

NAME = "FastStream"
APPS = ["benchmarks.peers.received"]
SETTINGS: dict[str, Any] = {}
WORKERS = 16
_RECORD = "INSERT INTO peer_received (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id"
_UPDATE = "UPDATE bench_stock SET moved = moved + $1 WHERE sku = $2"


def consume() -> None:
    import uvloop

    uvloop.run(_consume())


async def _consume() -> None:
    import asyncpg
    from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=WORKERS, max_size=WORKERS)
    gate = asyncio.Semaphore(WORKERS)
    broker = RabbitBroker(URL, logger=None, default_channel=Channel(prefetch_count=500))
    exchange = RabbitExchange(EXCHANGE, type=ExchangeType.TOPIC, durable=True, declare=False)
    queue = RabbitQueue(QUEUE, routing_key=ROUTING_KEY, durable=True, declare=False)

    @broker.subscriber(queue, exchange)
    async def handle(body: dict[str, Any]) -> None:
        async with gate, pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_RECORD, body["id"]):
                await connection.execute(_UPDATE, body["data"]["quantity"], body["data"]["sku"])

    await broker.start()
    await asyncio.Event().wait()
