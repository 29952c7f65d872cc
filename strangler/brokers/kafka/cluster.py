"""Where the cluster is, how to log in, and librdkafka's errors in the kit's words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from strangler.errors import BrokerUnavailable, ConfigurationError

TIMEOUT = 30.0
"""Seconds until a cluster that takes or says nothing counts as unavailable."""
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
"""The largest record of topics we make; Kafka's own default, 1 MiB, is less than other brokers take."""

_OPTIONS = {"sasl_mechanism": "sasl.mechanism", "ssl_ca": "ssl.ca.location"}
_REFUSALS = {
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}


class Cluster:
    """`kafka://host:9092,host:9092`, or `kafkas://user:password@host:9093` over TLS with SASL (SCRAM-SHA-512)."""

    def __init__(self, url: str) -> None:
        self.address, self._common = _parsed(url)

    def settings(self, **more: Any) -> dict[str, Any]:
        """librdkafka's, its names with _ for a dot."""
        return {**self._common, **{name.replace("_", "."): value for name, value in more.items()}}

    def admin(self) -> AdminClient:
        return AdminClient(self.settings(socket_timeout_ms=int(TIMEOUT * 1000)))

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        try:
            yield
        except KafkaException as raised:
            raise self.error(raised.args[0]) from raised

    def error(self, error: KafkaError) -> BrokerUnavailable | ConfigurationError:
        if error.code() in _REFUSALS:
            return ConfigurationError(
                f'Kafka at {self.address} refuses what STRANGLER["BROKER_URL"] logs in as: {error.str()}'
            )
        return BrokerUnavailable(f"Kafka at {self.address} is unavailable: {error.str()}")


def _parsed(url: str) -> tuple[str, dict[str, Any]]:
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    options = dict(parse_qsl(parts.query))
    if not hosts or parts.path.strip("/") or parts.fragment or not options.keys() <= _OPTIONS.keys():
        raise ConfigurationError(
            'STRANGLER["BROKER_URL"] for Kafka is kafka://host:9092,host:9092 or kafkas://user:password@host:9093 '
            f"(options: {', '.join(sorted(_OPTIONS))}); percent-encode special characters in user and password"
        )
    tls = "SSL" if parts.scheme == "kafkas" else "PLAINTEXT"
    settings = {
        "bootstrap.servers": ",".join(host if ":" in host else f"{host}:9092" for host in hosts.split(",")),
        "security.protocol": f"SASL_{tls}" if user else tls,
        "client.id": "strangler",
        "logger": logging.getLogger("librdkafka"),
        "allow.auto.create.topics": False,
        "topic.metadata.refresh.interval.ms": 5_000,
    }
    if user:
        settings |= {
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": unquote(user),
            "sasl.password": unquote(password),
        }
    return hosts, settings | {_OPTIONS[name]: value for name, value in options.items()}
