"""Debezium Server, run by any user below `root`. Its health is on 127.0.0.1 only.

What of its distribution a PostgreSQL source and a RabbitMQ sink need is what `jars` keeps of it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx

from devstack import jars, java_runtime
from devstack.java_server import JVM_OPTIONS, JavaServer
from devstack.ports import LOOPBACK
from devstack.processes import ProcessFailed
from devstack.secretfile import write_private

MINIMUM_JAVA = 21
CUT_OFFSETS = ("java.io.StreamCorruptedException", "java.io.EOFException")
JVM = (*JVM_OPTIONS, "-Xmx256m", "--add-opens=java.base/java.lang=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED")


class NativeDebeziumServer(JavaServer):
    """One server. `properties` are its `application.properties`, `env` the variables that they may name.

    `${DEBEZIUM_OFFSETS}` is always among these: the file in `root` that remembers how far it has read.
    """

    title, name = "Debezium Server", "debezium-server"
    port_names = ("http",)

    def __init__(self, root: Path, properties: Mapping[str, str], env: Mapping[str, str] | None = None) -> None:
        super().__init__(root)
        self.properties = dict(properties)
        self.env = dict(env or {})

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port('http')}"

    @property
    def offsets(self) -> Path:
        return self.root / "data" / "offsets.dat"

    def healthy(self) -> bool:
        """Tell whether it says that its engine runs."""
        try:
            return httpx.get(f"{self.url}/q/health", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def _environment(self) -> Mapping[str, str | None]:
        return {**self.env, "DEBEZIUM_OFFSETS": str(self.offsets)}

    def _prepare(self) -> Sequence[str | Path]:
        self.offsets.parent.mkdir(parents=True, exist_ok=True)
        own = {"quarkus.http.host": LOOPBACK, "quarkus.http.port": str(self._ports["http"])}
        lines = [f"{name}={_escaped(value)}\n" for name, value in {**self.properties, **own}.items()]
        write_private(self.root / "config" / "application.properties", "".join(lines))
        return [java_runtime.require(MINIMUM_JAVA), *JVM, "-cp", _classpath(), "io.debezium.server.Main"]

    def start(self) -> Self:
        """After `kill -9` in the middle of a write, without its offsets: it goes on from the slot."""
        try:
            return super().start()
        except ProcessFailed:
            if not any(self._logged(words) for words in CUT_OFFSETS):
                raise
            self.offsets.unlink()
            return super().start()

    def _ready(self) -> bool:
        return self.healthy()


def _escaped(value: str) -> str:
    """A value as Java's property files want it."""
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _classpath() -> str:
    home = jars.ensure("server") / "debezium-server"
    runner = next(home.glob("*-runner.jar"), None)
    if runner is None:
        raise ProcessFailed(f"{home} does not hold Debezium Server: remove it, then {jars.HOW_TO_GET_THEM}")
    return f"{runner}:{home}/lib/*"
