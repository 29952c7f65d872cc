"""Remember which process runs, in a way that survives the reuse of its pid."""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import psutil

from devstack.waiting import POLL_SECONDS

CLOCK_SLACK_SECONDS = 2.0


class RunFile:
    """`<name>.pid` in a `run` folder: who a program and its owner are (pid, start time), and how to stop it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, pid: int, stop_signal: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        entry = {"process": _identity(pid), "owner": _identity(os.getpid()), "stop_signal": int(stop_signal)}
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text(json.dumps(entry), encoding="utf-8")
        unfinished.replace(self.path)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)

    def process(self) -> psutil.Process | None:
        """Return the program while it is alive."""
        return self._find("process")

    def owner(self) -> psutil.Process | None:
        return self._find("owner")

    def stop(self, timeout: float = 30) -> bool:
        """End the program, whoever started it: ask, wait `timeout` seconds, kill. Returns whether there was one."""
        process = self.process()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(self._read()["stop_signal"])
                if not wait_until_gone(process, timeout):
                    process.kill()
                    wait_until_gone(process, timeout)
        self.forget()
        return process is not None

    def _find(self, role: str) -> psutil.Process | None:
        entry = self._read().get(role)
        if entry is None:
            return None
        try:
            process = psutil.Process(entry["pid"])
            same = abs(process.create_time() - entry["created"]) < CLOCK_SLACK_SECONDS
        except psutil.NoSuchProcess:
            return None
        return process if same and is_alive(process) else None

    def _read(self) -> dict[str, Any]:
        """Return what was written; nothing when there is no such file, or a power cut left it empty."""
        try:
            entries: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return entries


def is_alive(process: psutil.Process) -> bool:
    """Tell whether it still runs; ended but not yet collected by its parent (a zombie) is not alive."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(process: psutil.Process, timeout: float) -> bool:
    """Wait for the end of somebody else's child, at most `timeout` seconds. Returns whether it came."""
    deadline = time.monotonic() + timeout
    while is_alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _identity(pid: int) -> dict[str, float] | None:
    try:
        return {"pid": pid, "created": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return None
