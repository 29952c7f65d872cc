"""Kafka Connect, one distributed worker with Debezium's PostgreSQL connector. Its REST API is on 127.0.0.1 only."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx

from devstack import jars
from devstack.java_server import JVM_OPTIONS, JavaServer
from devstack.kafka import LOGGING, NativeKafka, java
from devstack.ports import LOOPBACK

JVM = (*JVM_OPTIONS, "-Xms128m", "-Xmx384m", LOGGING)
CONFIGURATION = """\
bootstrap.servers={bootstrap}
group.id=connect
listeners=http://{address}:{rest}
rest.advertised.host.name={address}
plugin.path={plugins}
plugin.discovery=service_load
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
config.storage.topic=connect-configs
config.storage.replication.factor=1
offset.storage.topic=connect-offsets
offset.storage.replication.factor=1
offset.storage.partitions=1
offset.flush.interval.ms=1000
status.storage.topic=connect-status
status.storage.replication.factor=1
status.storage.partitions=1
scheduled.rebalance.max.delay.ms=0
session.timeout.ms=6000
heartbeat.interval.ms=1000
config.providers=env
config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
"""


class NativeConnect(JavaServer):
    """One worker. Connectors, offsets and status are in Kafka's topics, the port in `root`: both survive its end.

    `env` is what connector configurations may say instead of a secret: `${env:CDC_PASSWORD}`.
    """

    title, name = "Kafka Connect", "connect"
    port_names = ("rest",)

    def __init__(self, root: Path, kafka: NativeKafka, env: Mapping[str, str] | None = None) -> None:
        super().__init__(root)
        self.kafka = kafka
        self.env = dict(env or {})

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port('rest')}"

    def _environment(self) -> Mapping[str, str | None]:
        return self.env

    def _prepare(self) -> Sequence[str | Path]:
        configuration, plugins = self.root / "connect.properties", jars.ensure("connector")
        content = CONFIGURATION.format(bootstrap=self.kafka.bootstrap, address=LOOPBACK, plugins=plugins, **self._ports)
        configuration.write_text(content, encoding="utf-8")
        return [*java(), *JVM, "org.apache.kafka.connect.cli.ConnectDistributed", configuration]

    def _ready(self) -> bool:
        """The REST API answers before the worker has joined its group; this question waits for that."""
        try:
            return httpx.get(f"{self.url}/connectors", timeout=5).is_success
        except httpx.HTTPError:
            return False
