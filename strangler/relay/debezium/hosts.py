"""What Debezium is told where it runs in a host of its own: Debezium Server to RabbitMQ, Kafka Connect to Kafka.

<https://debezium.io/documentation/reference/3.6/operations/debezium-server.html>,
<https://kafka.apache.org/documentation/#sourceconnectconfigs>

Both send the payload byte for byte, as strings: a JSON format would quote it. No password is in either: the host reads
it from its environment.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from strangler.brokers.address import public_address
from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.debezium.config import Properties, heartbeat_topic, shared
from strangler.relay.log.source import Source

ROUTING_KEY = "routing_key"
MAX_RECORD_BYTES = 8 * 1024 * 1024
CONFIRM_MS = 30_000
_STRINGS = "org.apache.kafka.connect.storage.StringConverter"
_BROKERS_DEFAULT = "-1"
_ENGINE_WIDE = ("transforms", "predicates")


class Rabbit(NamedTuple):
    """Where Debezium Server publishes to. Its password is in the environment of the server, `RABBITMQ_PASSWORD`."""

    host: str
    port: str
    user: str
    vhost: str
    tls: bool = False


def rabbit_of(broker_url: str) -> Rabbit:
    """Raises `ConfigurationError` when `BROKER_URL` is not RabbitMQ's."""
    public_address(broker_url)  # refuses a URL that does not come apart
    parts = urlsplit(broker_url)
    if parts.scheme not in {"amqp", "amqps"}:
        raise ConfigurationError(_wrong_broker("server", "amqp:// or amqps:// (RabbitMQ)", parts.scheme))
    tls = parts.scheme == "amqps"
    return Rabbit(
        host=parts.hostname or "localhost",
        port=str(parts.port or (5671 if tls else 5672)),
        user=unquote(parts.username or "guest"),
        vhost=unquote(parts.path[1:]) or "/",
        tls=tls,
    )


def require_kafka(broker_url: str) -> None:
    """Raises `ConfigurationError` when `BROKER_URL` is not Kafka's."""
    scheme = broker_url.partition("://")[0]
    if scheme not in {"kafka", "kafkas"}:
        raise ConfigurationError(_wrong_broker("connect", "kafka:// or kafkas://", scheme))


def server(cdc: CdcSettings, source: Source, rabbit: Rabbit, *, exchange: str, schema: str = "public") -> Properties:
    """Of Debezium Server: the contents of its `application.properties`.

    Heartbeats go to the exchange too, with a routing key that no queue is bound to, and RabbitMQ drops them. A filter
    would keep them back, but the server marks only what reached its sink: the slot of an idle outbox would stand still.
    """
    connector = {
        **shared(cdc, replace(source, password="${CDC_PASSWORD}"), schema=schema),  # noqa: S106
        **lasting(),
        "transforms.outbox.route.by.field": ROUTING_KEY,
        "transforms.outbox.route.topic.replacement": "$1",  # ${routedByValue} would be looked for in the environment
        "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
        "offset.storage.file.filename": "${DEBEZIUM_OFFSETS}",
        "offset.flush.interval.ms": "0",
    }
    return {
        **{_name_in_server(name): value for name, value in connector.items()},
        "debezium.format.key": "simplestring",
        "debezium.format.value": "simplestring",
        "debezium.sink.type": "rabbitmq",
        **{f"debezium.sink.rabbitmq.connection.{name}": value for name, value in _connection(rabbit).items()},
        "debezium.sink.rabbitmq.exchange": exchange,
        "debezium.sink.rabbitmq.routingKey.source": "topic",
        "debezium.sink.rabbitmq.deliveryMode": "2",
        "debezium.sink.rabbitmq.ackTimeout": str(CONFIRM_MS),
    }


def connect(
    cdc: CdcSettings,
    source: Source,
    *,
    exchange: str,
    schema: str = "public",
    password: str = "${env:CDC_PASSWORD}",  # noqa: S107  (where it is, not what it is)
) -> Properties:
    """Of the connector in Kafka Connect, whose workers need the configuration provider `env`.

    Topics and keys are those of our own Kafka publisher, so that a key stays in its partition whichever relay carries
    it. Heartbeats have a topic of their own. Connect makes topics that are missing with the brokers' defaults.
    """
    properties = shared(cdc, replace(source, password=password), schema=schema)
    return {
        **properties,
        **lasting(),
        "tasks.max": "1",
        "key.converter": _STRINGS,
        "value.converter": _STRINGS,
        "header.converter": _STRINGS,
        "transforms.outbox.route.topic.replacement": f"{exchange}.${{routedByValue}}",
        "transforms.outbox.table.fields.additional.placement": f"{ROUTING_KEY}:header:{ROUTING_KEY}",
        "producer.override.acks": "all",
        "producer.override.enable.idempotence": "true",
        "producer.override.max.request.size": str(MAX_RECORD_BYTES),
        "topic.creation.groups": "heartbeat",
        "topic.creation.heartbeat.include": heartbeat_topic(properties),
        "topic.creation.heartbeat.partitions": "1",
        "topic.creation.heartbeat.replication.factor": _BROKERS_DEFAULT,
        "topic.creation.heartbeat.cleanup.policy": "compact",
        "topic.creation.default.partitions": _BROKERS_DEFAULT,
        "topic.creation.default.replication.factor": _BROKERS_DEFAULT,
        "topic.creation.default.max.message.bytes": str(MAX_RECORD_BYTES),
    }


def lasting() -> Properties:
    """A slot that outlives its reader, under one name, and a reader that never gives up but never skips either.

    `trust_offset`: where the slot begins later than what was read last, it was made anew and has a gap; fail then.
    The slot moves only to what was read and sent (`connector`), never by the driver's keep-alives. The retries are for
    a slot whose last reader the server still takes for alive (wal_sender_timeout, a minute); more would never fail.
    """
    return {
        "slot.drop.on.stop": "false",
        "offset.mismatch.strategy": "trust_offset",
        "lsn.flush.mode": "connector",
        "errors.max.retries": "-1",
        "slot.max.retries": "30",
        "slot.retry.delay.ms": "2000",
    }


def _connection(rabbit: Rabbit) -> Properties:
    """The names are those of RabbitMQ's Java client (ConnectionFactoryConfigurator)."""
    tls = ("ssl.enabled", "ssl.validate.server.certificate", "ssl.verify.hostname") if rabbit.tls else ()
    return {
        "host": rabbit.host,
        "port": rabbit.port,
        "username": rabbit.user,
        "password": "${RABBITMQ_PASSWORD}",
        "virtual.host": rabbit.vhost,
        **dict.fromkeys(tls, "true"),
    }


def _name_in_server(name: str) -> str:
    return f"debezium.{name}" if name.partition(".")[0] in _ENGINE_WIDE else f"debezium.source.{name}"


def _wrong_broker(host: str, wanted: str, scheme: str) -> str:
    return (
        f'STRANGLER["BROKER_URL"] is {scheme or "empty"}{"://" if scheme else ""}…: Debezium in host "{host}" takes '
        f"{wanted}"
    )
