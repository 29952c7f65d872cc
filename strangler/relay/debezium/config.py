"""What Debezium is told: one set of properties for every host of the connector, and what the embedded one adds.

What the hosts outside this process add is in `hosts`.

<https://debezium.io/documentation/reference/3.6/connectors/postgresql.html>,
<https://debezium.io/documentation/reference/3.6/transformations/outbox-event-router.html>
"""

from __future__ import annotations

from strangler.conf import CdcSettings
from strangler.relay.log.reading import BATCH_BYTES
from strangler.relay.log.source import Source
from strangler.relay.log.sql import HEARTBEAT_MESSAGE, TABLE

PREFIX = "strangler"

Properties = dict[str, str]


def shared(cdc: CdcSettings, source: Source, *, schema: str = "public") -> Properties:
    """The same in the embedded engine, Debezium Server and Kafka Connect. `schema` is that of the outbox table.

    The heartbeat writes a message into the log and no table: on a server whose other tables or databases are
    busy, it is what lets the slot give up old log.
    """
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "topic.prefix": PREFIX,
        "database.hostname": source.host,
        "database.port": source.port,
        "database.user": source.user,
        "database.password": source.password,
        "database.dbname": source.dbname,
        **{f"database.{name}": value for name, value in source.tls.items()},
        "plugin.name": "pgoutput",
        "slot.name": cdc.slot,
        "publication.name": cdc.publication,
        "publication.autocreate.mode": "disabled",
        "snapshot.mode": "no_data",
        "table.include.list": f"{schema}.{TABLE}",
        "tombstones.on.delete": "false",
        "poll.interval.ms": str(cdc.poll_interval_ms),
        "heartbeat.interval.ms": str(cdc.heartbeat_interval_ms),
        "heartbeat.action.query": f"SELECT pg_logical_emit_message(false, '{HEARTBEAT_MESSAGE}', '')",
        "message.prefix.exclude.list": HEARTBEAT_MESSAGE,
        **_event_router(schema),
    }


def embedded(cdc: CdcSettings, source: Source, *, schema: str = "public", batch_size: int) -> Properties:
    """The shared properties plus those of the engine in this process.

    Keys are row ids here, because the relay asks the outbox about each; it has no offsets file, because its slot lives
    as long as one run; and it never retries by itself, because the relay does, from the outbox.
    """
    return {
        **shared(cdc, source, schema=schema),
        "name": PREFIX,
        "transforms.outbox.table.field.event.key": "id",
        "offset.storage": "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
        "offset.flush.interval.ms": "0",
        "max.batch.size": str(batch_size),
        "max.queue.size": str(max(8192, 2 * batch_size)),
        "max.queue.size.in.bytes": str(BATCH_BYTES),
        "errors.max.retries": "0",
        "slot.max.retries": "0",
    }


def heartbeat_topic(properties: Properties) -> str:
    return f"__debezium-heartbeat.{properties['topic.prefix']}"


def _event_router(schema: str) -> Properties:
    """The predicate keeps heartbeats away from a transform that only understands the outbox.

    Its dots are in brackets, because hosts differ in what they make of a backslash.
    """
    topic = f"{PREFIX}.{schema}.{TABLE}".replace(".", "[.]")
    return {
        "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.predicate": "isOutbox",
        "transforms.outbox.table.field.event.id": "id",
        "transforms.outbox.table.field.event.key": "aggregate_id",
        "transforms.outbox.table.field.event.payload": "payload",
        "transforms.outbox.table.field.event.type": "type",
        "transforms.outbox.route.by.field": "aggregate_type",
        "transforms.outbox.route.topic.replacement": "${routedByValue}",
        "transforms.outbox.table.expand.json.payload": "false",
        "predicates": "isOutbox",
        "predicates.isOutbox.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
        "predicates.isOutbox.pattern": topic,
    }
