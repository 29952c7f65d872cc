"""RabbitMQ as installed on the machine (Debian's package or RABBITMQ_HOME), run without its service, by any user.

Everything it writes is below `root`: `data/`, `log/rabbitmq.log`, `run/`, `rabbitmq.conf` and `passwords.json` (mode
0600). It listens on 127.0.0.1 only, has its own epmd, and no guest account. Needs about 10 seconds to start.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack.ports import LOOPBACK, accepts_connections, kept_port
from devstack.processes import ManagedProcess, ProcessFailed, WaitTimeout, log_tail
from devstack.rabbitmq_configuration import environment, write_configuration
from devstack.runfile import RunFile
from devstack.secretfile import SecretFile

USER = VHOST = "strangler"
NODE = "strangler@localhost"
DEBIAN_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
START_SECONDS = 90
ATTEMPTS_AT_PORTS = 3
PORTS = ("amqp", "distribution", "epmd", "stomp")


class NativeRabbitMQ:
    """One broker node. Ports and data are kept from one start to the next."""

    def __init__(self, root: Path, *, stomp: bool = False) -> None:
        self.root = root.resolve()
        self.log = self.root / "log" / "rabbitmq.log"
        self._stomp = stomp
        self._passwords = SecretFile(self.root / "passwords.json")
        self._ports_file = self.root / "ports.json"
        self._ports: dict[str, int] = {}
        self._server: ManagedProcess | None = None
        self._epmd: ManagedProcess | None = None

    @staticmethod
    def find() -> Path | None:
        """Return the folder of RabbitMQ's programs: below RABBITMQ_HOME if that is set, else Debian's. None: absent.

        Raises ProcessFailed when RABBITMQ_HOME is set and does not hold RabbitMQ.
        """
        home = os.environ.get("RABBITMQ_HOME")
        if not home:
            complete = (DEBIAN_PROGRAMS / "rabbitmq-server").exists() and shutil.which("epmd")
            return DEBIAN_PROGRAMS if complete else None
        for folder in (Path(home) / "sbin", Path(home) / "bin"):
            if (folder / "rabbitmq-server").exists():
                return folder
        raise ProcessFailed(f"RABBITMQ_HOME is {home}, but neither sbin/ nor bin/ in it contains rabbitmq-server")

    # --- life cycle

    def start(self) -> Self:
        """Start it and return when it takes connections. Raises ProcessFailed."""
        if self.running:
            return self
        self._refuse_a_second_owner()
        for attempt in range(1, ATTEMPTS_AT_PORTS + 1):
            try:
                self._launch()
            except WaitTimeout as error:
                self.kill()
                if "eaddrinuse" not in str(error) or attempt == ATTEMPTS_AT_PORTS:
                    raise ProcessFailed(f"RabbitMQ in {self.root} did not start: {error}") from None
            else:
                break
        return self

    def stop(self) -> None:
        """Shut down in order and wait until it and its epmd are gone."""
        if self._server:
            self._server.terminate(timeout=60)
        self._end_epmd()

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def kill(self) -> None:
        """`kill -9` of the broker, as a power cut would."""
        if self._server:
            self._server.kill_9()
        self._end_epmd()

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    @property
    def pid(self) -> int:
        return self._started().pid

    @property
    def port(self) -> int:
        self._started()
        return self._ports["amqp"]

    @property
    def stomp_port(self) -> int:
        """Raises ProcessFailed where STOMP was not asked for."""
        self._started()
        if not self._stomp:
            raise ProcessFailed("this RabbitMQ does not speak STOMP: make it with NativeRabbitMQ(root, stomp=True)")
        return self._ports["stomp"]

    @property
    def url(self) -> str:
        """amqp:// URL of the one account, which may do everything in its own virtual host and nothing outside."""
        return f"amqp://{USER}:{self._passwords.get_or_create(USER)}@{LOOPBACK}:{self.port}/{VHOST}"

    def control(self, *arguments: str, timeout: float = 60) -> str:
        """Run `rabbitmqctl` against this node and return what it printed. Raises ProcessFailed."""
        command = [str(self._programs() / "rabbitmqctl"), *arguments]
        env = {**os.environ, **self._environment()}
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout, check=False)
        except subprocess.TimeoutExpired:
            raise ProcessFailed(f"rabbitmqctl {' '.join(arguments)}: no answer in {timeout:g} s") from None
        if done.returncode != 0:
            raise ProcessFailed(f"rabbitmqctl {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    # --- inside

    def _launch(self) -> None:
        self._choose_ports()
        stomp_port = self._ports["stomp"] if self._stomp else None
        write_configuration(self.root, self._passwords, USER, VHOST, self._ports["amqp"], stomp_port=stomp_port)
        self._start_epmd()
        self._server = ManagedProcess(
            "RabbitMQ",
            [self._programs() / "rabbitmq-server"],
            log=self.log,
            env=self._environment(),
            cwd=self.root,
            stop_leader_only=True,
            run_file=self._run_file("rabbitmq"),
        )
        self._server.start()
        self._server.wait_for(lambda: accepts_connections(self._ports["amqp"]), START_SECONDS, "listening")
        try:
            self.control("await_startup", timeout=START_SECONDS)
        except ProcessFailed as error:
            raise WaitTimeout(f"{error}\n{log_tail(self.log)}") from None

    def _start_epmd(self) -> None:
        """Start Erlang's port mapper in the foreground: left to itself it becomes a daemon that outlives everything."""
        program = shutil.which("epmd")
        if program is None:
            raise ProcessFailed("epmd, a part of Erlang, is not on the PATH")
        port = self._ports["epmd"]
        command = [program, "-port", str(port), "-address", LOOPBACK]
        log = self.log.with_name("epmd.log")
        self._epmd = ManagedProcess("epmd", command, log=log, run_file=self._run_file("epmd")).start()
        self._epmd.wait_for(lambda: accepts_connections(port), 10, f"listening on port {port}")

    def _end_epmd(self) -> None:
        if self._epmd:
            self._epmd.kill_9()

    def _choose_ports(self) -> None:
        last: dict[str, int] = {}
        if self._ports_file.exists():
            last = json.loads(self._ports_file.read_text(encoding="utf-8"))
        self._ports = {name: kept_port(None, last.get(name)) for name in PORTS}
        self.root.mkdir(parents=True, exist_ok=True)
        self._ports_file.write_text(json.dumps(self._ports), encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        return environment(self.root, NODE, self._ports)

    def _programs(self) -> Path:
        found = self.find()
        if found is None:
            raise ProcessFailed(
                "RabbitMQ was not found: install it (Debian, Ubuntu: apt-get install rabbitmq-server) or set "
                "RABBITMQ_HOME to the folder of an unpacked generic release"
            )
        return found

    def _run_file(self, name: str) -> RunFile:
        return RunFile(self.root / "run" / f"{name}.pid")

    def _refuse_a_second_owner(self) -> None:
        """A node whose owner is alive belongs to somebody; one without is a leftover and is stopped."""
        server, epmd = self._run_file("rabbitmq"), self._run_file("epmd")
        process, owner = server.process(), server.owner()
        if process and owner:
            raise ProcessFailed(
                f"RabbitMQ in {self.root} is already running (pid {process.pid}), started by process {owner.pid}. "
                "Stop that one first, or run `make clean`, which deletes its data too."
            )
        server.stop()
        epmd.stop()

    def _started(self) -> ManagedProcess:
        if self._server is None:
            raise ProcessFailed("RabbitMQ has not been started: call start() first")
        return self._server

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
