"""Run a program under supervision: own process group, log file, certain death.

On Linux the program is killed by the kernel when this process dies, however it dies (see `launch.py`). Elsewhere that
holds for every ending but `kill -9`; what such an end leaves behind is stopped by the next start or `make clean`.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from devstack import spawner
from devstack.runfile import RunFile
from devstack.waiting import Answer, WaitTimeout, log_tail, wait_for

__all__ = ["ManagedProcess", "ProcessFailed", "WaitTimeout", "launcher", "log_tail", "wait_for"]

_started: "set[ManagedProcess]" = set()


class ProcessFailed(RuntimeError):
    """A supervised program ended when it should not have, or could not be started."""


def launcher(*, owner: int | None, death_signal: int = signal.SIGKILL, user: str = "") -> list[str]:
    """Return the command prefix that makes the program after it die with `owner` and run as `user`."""
    script = Path(__file__).with_name("launch.py")
    command = [sys.executable, "-I", "-S", str(script), "--death-signal", str(int(death_signal))]
    if owner is not None:
        command += ["--owner", str(owner)]
    if user:
        command += ["--user", user]
    return [*command, "--"]


class ManagedProcess:
    """One program. `env` is laid over the current environment; a value of None removes the variable.

    `stop_signal` asks it to end, together with its group unless `stop_leader_only`. `death_signal` is what it gets when
    this process dies: SIGKILL by default, because it cannot be ignored; choose SIGTERM for a program that must take its
    own children along. `run_file` lets a later process find it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        stop_signal: int = signal.SIGTERM,
        stop_leader_only: bool = False,
        death_signal: int = signal.SIGKILL,
        user: str = "",
        run_file: RunFile | None = None,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.log = log
        self.env = dict(env or {})
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.stop_leader_only = stop_leader_only
        self.death_signal = death_signal
        self.user = user
        self.run_file = run_file
        self.owner: int | None = None
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, or again after an end. The log is appended to."""
        if self.running:
            return self
        self.log.parent.mkdir(parents=True, exist_ok=True)
        merged = {**os.environ, **self.env}
        prefix = launcher(owner=os.getpid(), death_signal=self.death_signal, user=self.user)
        with self.log.open("ab") as log:
            self._popen = spawner.popen(
                [*prefix, *self.command],
                env={key: value for key, value in merged.items() if value is not None},
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.owner = os.getpid()
        _started.add(self)
        if self.run_file:
            self.run_file.write(self._popen.pid, self.stop_signal)
        return self

    @property
    def pid(self) -> int:
        """Pid of the program itself, also its process group."""
        if self._popen is None:
            raise ProcessFailed(f"{self.name} has not been started: call start() first")
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        return self._popen.poll() if self._popen else None

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def send_signal(self, number: int) -> None:
        """Send a signal to the program and whatever it started in its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill_9(self) -> None:
        """End the whole group at once, as a power cut would, and wait until it is gone."""
        if self.running:
            self.send_signal(signal.SIGKILL)
        self._reap()

    def terminate(self, timeout: float = 10) -> int:
        """Ask it to end, wait `timeout` seconds, then kill. Returns the exit code (negative: the signal it died of)."""
        if self.running:
            os.kill(self.pid, self.stop_signal) if self.stop_leader_only else self.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._ended().wait(timeout)
            self.send_signal(signal.SIGKILL)  # a child that outlived it, or itself
        return self._reap()

    def wait(self, timeout: float) -> int:
        """Wait for it to end by itself and return the exit code. Raises WaitTimeout."""
        try:
            return self._ended().wait(timeout)
        except subprocess.TimeoutExpired:
            raise WaitTimeout(f"waiting for {self.name} to end: gave up after {timeout:g} s\n{self.tail()}") from None

    def wait_for(self, condition: Callable[[], Answer], timeout: float, what: str) -> Answer:
        """Like `waiting.wait_for`; also gives up, naming the exit code, as soon as this program ends."""
        return wait_for(condition, timeout, f"{self.name}: {what}", log=self.log, abandon_if=self._death)

    def tail(self, lines: int = 25) -> str:
        return log_tail(self.log, lines)

    def _death(self) -> str | None:
        return None if self.running else f"it ended with exit code {self.returncode}"

    def _ended(self) -> "subprocess.Popen[bytes]":
        if self._popen is None:
            raise ProcessFailed(f"{self.name} has not been started: call start() first")
        return self._popen

    def _reap(self) -> int:
        if self._popen is None:
            return 0
        code = self._popen.wait()
        self._wait_for_the_group()
        _started.discard(self)
        if self.run_file:
            self.run_file.forget()
        return code

    def _wait_for_the_group(self, timeout: float = 5) -> None:
        """Killed members are not our children: give the kernel a moment to collect them, so that ports are free."""
        deadline = time.monotonic() + timeout
        while _group_is_alive(self.pid) and time.monotonic() < deadline:
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()


def _group_is_alive(group: int) -> bool:
    """Tell whether a member still runs; ended ones nobody has collected yet (zombies) don't count."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


@atexit.register
def _end_all() -> None:
    for process in list(_started):
        if process.owner == os.getpid():  # not in a forked child of the owner
            process.terminate(timeout=5)
