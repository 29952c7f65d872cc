"""From a URL to a broker: the scheme chooses the adapter."""

from __future__ import annotations

from collections.abc import Callable

from strangler.brokers.base import Broker
from strangler.brokers.names import checked_exchange
from strangler.errors import ConfigurationError


def connect(url: str, *, exchange: str = "events") -> Broker:
    """Choose the adapter; no connection is opened before the first publish, receive or declare.

    `exchange` keeps the messages of several systems on one broker apart. Raises `ConfigurationError`.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        what = "has no scheme" if url else "is empty"
        raise ConfigurationError(f'STRANGLER["BROKER_URL"] {what}: it takes {_EXAMPLES}')
    adapter = _ADAPTERS.get(scheme)
    if adapter is None:
        raise ConfigurationError(f'STRANGLER["BROKER_URL"]: no adapter takes {scheme}://. It takes {_EXAMPLES}')
    return adapter(url, checked_exchange(exchange))


def _pgmq(url: str, exchange: str) -> Broker:
    from strangler.brokers.pgmq import PgmqBroker

    return PgmqBroker(url, exchange)


def _amqp(url: str, exchange: str) -> Broker:
    from strangler.brokers.amqp import AmqpBroker

    return AmqpBroker(url, exchange)


def _kafka(url: str, exchange: str) -> Broker:
    try:
        from strangler.brokers.kafka import KafkaBroker
    except ImportError as error:
        raise ConfigurationError(
            'STRANGLER["BROKER_URL"] is Kafka\'s, and confluent-kafka is not installed: '
            "pip install 'django-strangler[kafka]'"
        ) from error
    return KafkaBroker(url, exchange)


def _memory(url: str, exchange: str) -> Broker:
    from strangler.brokers.memory import MemoryBroker

    return MemoryBroker(url, exchange)


_ADAPTERS: dict[str, Callable[[str, str], Broker]] = {
    "pgmq": _pgmq,
    "amqp": _amqp,
    "amqps": _amqp,
    "kafka": _kafka,
    "kafkas": _kafka,
    "memory": _memory,
}
_EXAMPLES = (
    "pgmq://user:password@host:5432/database (a queue in PostgreSQL), amqp://user:password@host:5672/vhost or amqps:// "
    "(RabbitMQ), kafka://host:9092,host:9092 or kafkas://user:password@host:9093 (Kafka), "
    "memory://name (one process, for tests)"
)
