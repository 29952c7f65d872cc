"""What the servers that run on Java have in common: a folder, ports that are kept, an end, and one owner."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from devstack.ports import kept_port
from devstack.processes import ManagedProcess, ProcessFailed, WaitTimeout
from devstack.runfile import RunFile

# Small and quick to start rather than fast: this runs beside a test suite.
JVM_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")
START_SECONDS = 90
STOP_SECONDS = 30
ATTEMPTS_AT_PORTS = 3
PORT_IS_TAKEN = "already in use"
ERRORS_SHOWN = 10
_REASON = re.compile(r" (ERROR|FATAL) |^(Caused by: )?[\w.$]+(Exception|Error): ")


class JavaServer(ABC):
    """One server below `root`: `log/NAME.log`, `run/NAME.pid`, `ports.json` and what the program itself writes."""

    title: ClassVar[str]
    name: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]]

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.log = self.root / "log" / f"{self.name}.log"
        self._run_file = RunFile(self.root / "run" / f"{self.name}.pid")
        self._ports_file = self.root / "ports.json"
        self._ports: dict[str, int] = {}
        self._server: ManagedProcess | None = None
        self._log_begins = 0

    @abstractmethod
    def _prepare(self) -> Sequence[str | Path]:
        """Write what the program reads at start; the ports are known. Return the command."""

    @abstractmethod
    def _ready(self) -> bool:
        """Tell whether it answers its clients."""

    def _environment(self) -> Mapping[str, str | None]:
        return {}

    # --- life cycle

    def start(self) -> Self:
        """Start it and return when it answers. Raises ProcessFailed."""
        if self.running:
            return self
        self._refuse_a_second_owner()
        for attempt in range(1, ATTEMPTS_AT_PORTS + 1):
            try:
                self._launch()
            except WaitTimeout as error:
                self.kill()
                if not self._logged(PORT_IS_TAKEN) or attempt == ATTEMPTS_AT_PORTS:
                    raise ProcessFailed(f"{self.title} in {self.root} did not start: {error}{self._errors()}") from None
            else:
                break
        return self

    def stop(self) -> None:
        """Shut down in order and wait until it is gone."""
        if self._server:
            self._server.terminate(timeout=STOP_SECONDS)

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def kill(self) -> None:
        """`kill -9`, as a power cut would."""
        if self._server:
            self._server.kill_9()

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    @property
    def pid(self) -> int:
        return self._started().pid

    # --- inside

    def _port(self, name: str) -> int:
        self._started()
        return self._ports[name]

    def _logged(self, words: str) -> bool:
        """Tell whether this start, not an earlier one, has logged these words."""
        return words in self._said()

    def _said(self) -> str:
        with self.log.open("rb") as log:
            log.seek(self._log_begins)
            return log.read().decode(errors="replace")

    def _errors(self) -> str:
        """Java says a hundred lines about its end after the one that tells the reason."""
        found = [line for line in self._said().splitlines() if _REASON.search(line)]
        return "\n".join(["", f"--- errors in {self.log} ---", *found[:ERRORS_SHOWN]]) if found else ""

    def _launch(self) -> None:
        self._choose_ports()
        command = self._prepare()
        self._log_begins = self.log.stat().st_size if self.log.exists() else 0
        self._server = ManagedProcess(
            self.title, command, log=self.log, env=self._environment(), cwd=self.root, run_file=self._run_file
        )
        self._server.start()
        self._server.wait_for(self._ready, START_SECONDS, "answering")

    def _choose_ports(self) -> None:
        last: dict[str, int] = {}
        if self._ports_file.exists():
            last = json.loads(self._ports_file.read_text(encoding="utf-8"))
        self._ports = {name: kept_port(None, last.get(name)) for name in self.port_names}
        self.root.mkdir(parents=True, exist_ok=True)
        self._ports_file.write_text(json.dumps(self._ports), encoding="utf-8")

    def _refuse_a_second_owner(self) -> None:
        """A server whose owner is alive belongs to somebody; one without is a leftover and is stopped."""
        process, owner = self._run_file.process(), self._run_file.owner()
        if process and owner:
            raise ProcessFailed(
                f"{self.title} in {self.root} is already running (pid {process.pid}), started by process {owner.pid}. "
                "Stop that one first, or run `make clean`, which deletes its data too."
            )
        self._run_file.stop()

    def _started(self) -> ManagedProcess:
        if self._server is None:
            raise ProcessFailed(f"{self.title} has not been started: call start() first")
        return self._server

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
