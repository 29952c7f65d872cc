"""Kafka, one KRaft node (broker and controller), run by any user below `root`. Listens on 127.0.0.1 only."""

import base64
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from devstack import jars, java_runtime
from devstack.java_server import JVM_OPTIONS, START_SECONDS, JavaServer
from devstack.ports import LOOPBACK
from devstack.processes import ProcessFailed

MINIMUM_JAVA = 17
LOGGING = "-Dlog4j2.level=INFO"
JVM = (*JVM_OPTIONS, "-Xms128m", "-Xmx384m", LOGGING)
CONFIGURATION = """\
process.roles=broker,controller
node.id=1
listeners=BROKER://{address}:{broker},CONTROLLER://{address}:{controller}
advertised.listeners=BROKER://{address}:{broker}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{address}:{controller}
log.dirs={data}
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class NativeKafka(JavaServer):
    """One broker. Ports and data are kept from one start to the next; topics must be made before they are used."""

    title, name = "Kafka", "kafka"
    port_names = ("broker", "controller")

    @property
    def port(self) -> int:
        return self._port("broker")

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def url(self) -> str:
        return f"kafka://{self.bootstrap}"

    def _prepare(self) -> Sequence[str | Path]:
        configuration, data = self.root / "server.properties", self.root / "data"
        content = CONFIGURATION.format(address=LOOPBACK, data=data, **self._ports)
        configuration.write_text(content, encoding="utf-8")
        if not (data / "meta.properties").exists():
            self._format(configuration)
        return [*java(), *JVM, "kafka.Kafka", configuration]

    def _format(self, configuration: Path) -> None:
        """Give the empty data folder a cluster id, without which a broker refuses to start."""
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        program = [*java(), *JVM_OPTIONS, "kafka.tools.StorageTool", "format"]
        command = [*program, f"--cluster-id={cluster}", "--config", configuration]  # it may begin with a dash
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)
        if done.returncode != 0:
            raise ProcessFailed(f"Kafka's data folder could not be formatted:\n{done.stdout}{done.stderr}")

    def _ready(self) -> bool:
        return self._logged("Kafka Server started")


def java() -> list[str | Path]:
    return [java_runtime.require(MINIMUM_JAVA), "-cp", f"{jars.ensure('kafka')}/*"]
