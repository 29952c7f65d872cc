"""Looks at a process while it works: its Python stacks, and whose processor time is used meanwhile."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import psutil

from benchmarks.harness.samples import Measure
from benchmarks.peers import environment
from benchmarks.profiles.layers import layer_of
from benchmarks.stack import Stack
from devstack.processes import ManagedProcess

PY_SPY = environment.PYTHON.with_name("py-spy")
LOOKS_PER_SECOND = 100
LOOK_SECONDS = 0.1
CONTENDER = "contender"
_SERVERS = {"postgres": "PostgreSQL", "beam.smp": "RabbitMQ"}

Used = dict[tuple[str, int], float]


@dataclass(frozen=True)
class Profile:
    """`layers`: shares of the contender's own processor time, 1 in all; `cores`: how many of them each party had."""

    name: str
    rate: float
    seconds: float
    layers: dict[str, float]
    cores: dict[str, float]


def require_py_spy() -> None:
    """Raises SystemExit with what to do."""
    if not PY_SPY.exists():
        raise SystemExit(environment.HOW_TO_GET_THEM)


def look(stack: Stack, name: str, measure: Measure, *, begun: Callable[[], bool]) -> Profile:
    """Runs `measure` once. What happens before `begun` (imports, connections, the filling) is not looked at."""
    watcher = _Watcher(stack, begun)
    watcher.start()
    rate = measure()
    watcher.join()
    if watcher.error is not None:
        raise watcher.error
    return Profile(name, rate, watcher.seconds, watcher.layers(), watcher.cores())


class _Watcher(Thread):
    def __init__(self, stack: Stack, begun: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._stack = stack
        self._begun = begun
        self._earlier = stack.latest
        self._stacks = stack.folder / "stacks.txt"
        self._before: Used = {}
        self._after: Used = {}
        self.seconds = 0.0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._watch(self._new_process())
        except Exception as error:  # noqa: BLE001 - the thread that measures raises it
            self.error = error

    def layers(self) -> dict[str, float]:
        counted: Counter[str] = Counter()
        for line in self._stacks.read_text(encoding="utf-8").splitlines():
            stack, _, count = line.rpartition(" ")
            counted[layer_of(stack.split(";"))] += int(count)
        return {layer: count / counted.total() for layer, count in counted.most_common()}

    def cores(self) -> dict[str, float]:
        cores: Counter[str] = Counter()
        for (party, pid), seconds in self._after.items():
            cores[party] += (seconds - self._before.get((party, pid), 0)) / self.seconds
        return dict(cores)

    def _new_process(self) -> ManagedProcess:
        while (process := self._stack.latest) is self._earlier or process is None or not self._begun():
            time.sleep(LOOK_SECONDS)
        return process

    def _watch(self, process: ManagedProcess) -> None:
        command = [PY_SPY, "record", "--nonblocking", "--full-filenames", "--format", "raw"]
        command += ["--rate", str(LOOKS_PER_SECOND), "--pid", str(process.pid), "--output", str(self._stacks)]
        self._stacks.unlink(missing_ok=True)
        spy = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        began, self._before = time.monotonic(), _used(process.pid)
        while process.running:
            now, used = time.monotonic(), _used(process.pid)
            if (CONTENDER, process.pid) in used:  # else it has ended since
                self.seconds = now - began
                self._after |= used
            time.sleep(LOOK_SECONDS)
        said, _ = spy.communicate(timeout=30)
        if not self._stacks.exists():
            raise RuntimeError(f"py-spy could not look into {process.name}: {said[-500:]}")


def _used(pid: int) -> Used:
    """Seconds of processor that each process of a party has had, of those that this one has started."""
    used: Used = {}
    for process in psutil.Process().children(recursive=True):
        try:
            party = _SERVERS.get(process.name()) or (CONTENDER if process.pid == pid else None)
            if party is not None:
                times = process.cpu_times()
                used[party, process.pid] = times.user + times.system
        except psutil.NoSuchProcess:
            continue  # it ended between the list and the look
    return used
