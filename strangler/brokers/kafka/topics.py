"""The topics of an exchange: what they are called, how they are made, and what is wrong with those that exist.

A topic holds one aggregate type's events, keyed by the aggregate's id, so that a partition keeps their order. The
number of partitions of a topic in use is never changed: keys would move to other partitions, past events still waiting
in the old ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic, ResourceType
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from strangler.brokers.kafka.cluster import MAX_MESSAGE_BYTES, TIMEOUT, Cluster
from strangler.errors import ConfigurationError

BROKERS_DEFAULT = -1


class TopicSpec(BaseModel):
    """`replication` -1 is the cluster's default. `config` holds Kafka's own topic settings, as strings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    partitions: int = Field(default=6, ge=1)
    replication: int = Field(default=BROKERS_DEFAULT, ge=-1)
    config: Mapping[str, str] = {}

    def whole_config(self) -> dict[str, str]:
        return {"max.message.bytes": str(MAX_MESSAGE_BYTES), **self.config}


class TopicsFile(BaseModel):
    """`[defaults]`, and `[topics."orders.order"]` for each aggregate type that needs something else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    defaults: TopicSpec = TopicSpec()
    topics: Mapping[str, Mapping[str, Any]] = {}

    def spec(self, aggregate_type: str) -> TopicSpec:
        own = self.topics.get(aggregate_type, {})
        config = {**self.defaults.config, **own.get("config", {})}
        return TopicSpec.model_validate({**self.defaults.model_dump(), **own, "config": config})

    @classmethod
    def read(cls, path: Path) -> TopicsFile:
        """Raises `ConfigurationError` naming the entry at fault."""
        try:
            file = cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
            for name in file.topics:
                file.spec(name)
        except OSError as error:
            raise ConfigurationError(f"{path}: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{path} is no TOML: {error}") from error
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
            raise ConfigurationError(f"{path}: {said}") from error
        return file


BINDINGS = TopicSpec(partitions=1, config={"cleanup.policy": "compact"})


def bindings_topic(exchange: str) -> str:
    return f"{exchange}.bindings"


def pattern_of(exchange: str, owner: str) -> str:
    """librdkafka's: all topics of an owner, those that do not exist yet included."""
    return rf"^{exchange}\.{owner}\.[a-zA-Z0-9_-]+$"


def owner_of(routing_key: str) -> str:
    return routing_key.partition(".")[0]


def existing(admin: AdminClient) -> dict[str, int]:
    """Partitions of each topic."""
    listed = admin.list_topics(timeout=TIMEOUT).topics
    return {name: len(topic.partitions) for name, topic in listed.items() if topic.error is None}


def partitions_of(admin: AdminClient, exchange: str, owners: Iterable[str]) -> list[TopicPartition]:
    prefixes = tuple(f"{exchange}.{owner}." for owner in owners)
    return [
        TopicPartition(name, partition)
        for name, count in existing(admin).items()
        if prefixes and name.startswith(prefixes)
        for partition in range(count)
    ]


def apply(cluster: Cluster, specs: Mapping[str, TopicSpec], *, dry_run: bool = False) -> Iterator[str]:
    """Make what is missing and set what differs; yields a line for each. Raises `ConfigurationError`."""
    admin = cluster.admin()
    with cluster.translated_errors():
        there = existing(admin)
        for name, spec in specs.items():
            if name not in there:
                if not dry_run:
                    create(admin, {name: spec})
                yield f"{name}: made, {spec.partitions} partitions"
            elif there[name] != spec.partitions:
                raise ConfigurationError(_partitions_differ(name, there[name], spec.partitions))
        yield from _configure(admin, {name: spec for name, spec in specs.items() if name in there}, dry_run)


def create(admin: AdminClient, specs: Mapping[str, TopicSpec]) -> None:
    """One that somebody else makes at the same moment is fine. Raises KafkaException."""
    new = [
        NewTopic(name, num_partitions=spec.partitions, replication_factor=spec.replication, config=spec.whole_config())
        for name, spec in specs.items()
    ]
    for future in admin.create_topics(new, operation_timeout=TIMEOUT).values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def limits(admin: AdminClient, names: Iterable[str]) -> dict[str, int]:
    """The largest record that we can put into each topic, in bytes. Raises KafkaException."""
    return {
        name: min(MAX_MESSAGE_BYTES, int(config["max.message.bytes"]))
        for name, config in _configs(admin, names).items()
    }


def _configure(admin: AdminClient, specs: Mapping[str, TopicSpec], dry_run: bool) -> Iterator[str]:
    for name, config in _configs(admin, specs).items():
        wanted = {key: value for key, value in specs[name].whole_config().items() if config.get(key) != value}
        if not wanted:
            continue
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in wanted.items()
        ]
        if not dry_run:
            resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
            for future in admin.incremental_alter_configs([resource]).values():
                future.result()
        yield f"{name}: " + ", ".join(f"{key} = {value} (was {config.get(key)})" for key, value in wanted.items())


def _configs(admin: AdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    if not resources:
        return {}
    futures = admin.describe_configs(resources, request_timeout=TIMEOUT)
    return {
        resource.name: {key: entry.value for key, entry in future.result().items()}
        for resource, future in futures.items()
    }


def _partitions_differ(name: str, there: int, wanted: int) -> str:
    return (
        f"topic {name} has {there} partitions, {wanted} are declared: changing that would move keys away from events "
        "that still wait. Declare what is there; for more, make a new topic under another EXCHANGE and move over to it"
    )
