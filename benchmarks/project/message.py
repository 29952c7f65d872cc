"""One StockMoved as the kit writes it, as a template, so that a backlog can be made by one statement."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7

TEMPLATE = (
    '{"specversion":"1.0","id":"$ID","source":"bench/bench","type":"bench.stock_moved.v1","subject":"$SKU",'
    '"time":"2026-11-25T00:00:00.000000Z","datacontenttype":"application/json",'
    '"dataschema":"bench/stock_moved.v1.schema.json","partitionkey":"bench.stock:$SKU","correlationid":"$ID",'
    '"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","eventkind":"integration",'
    '"data":{"sku":"$SKU","quantity":1,"reason":"sold at the counter of the main street shop"}}'
)


def body(sku: str, id: UUID | None = None) -> bytes:
    return TEMPLATE.replace("$ID", str(id or uuid7())).replace("$SKU", sku).encode()
