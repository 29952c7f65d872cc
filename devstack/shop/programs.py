"""The processes of a run: how each is started, how one knows that it works, and whether it may be down."""

import re
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx

from devstack.processes import ManagedProcess, ProcessFailed
from devstack.runfile import RunFile
from devstack.shop.environment import Environment
from devstack.shop.workspace import PROJECT, Workspace

START_SECONDS = 90
HEALTH_SECONDS = 90


class Program:
    """One supervised process. `ready` is a pattern for the line with which its log says that it works."""

    def __init__(
        self, name: str, command: Sequence[str], env: Environment, workspace: Workspace, *, ready: str
    ) -> None:
        self.name = name
        self.killed = False
        self._ready = re.compile(ready)
        self._from = 0
        self._match: re.Match[str] | None = None
        web = "gunicorn" in command
        self.process = ManagedProcess(
            name,
            [sys.executable, *command],
            log=workspace.logs / f"{name.replace(' ', '-')}.log",
            env=env,
            cwd=PROJECT,
            stop_leader_only=web,
            death_signal=signal.SIGTERM if web else signal.SIGKILL,  # gunicorn has to take its workers along
            run_file=RunFile(workspace.run / f"{name.replace(' ', '-')}.pid"),
        )

    def start(self) -> None:
        """Start it, or again after `kill_9`: only what its log says from now on counts."""
        log = self.process.log
        self._from, self._match = log.stat().st_size if log.exists() else 0, None
        self.process.start()
        self.killed = False

    def kill_9(self) -> None:
        self.require_running()
        self.killed = True
        self.process.kill_9()

    def match(self) -> re.Match[str] | None:
        """Return what `ready` found in the log since the start."""
        if self._match is None and self.process.log.exists():
            with self.process.log.open("rb") as log:
                log.seek(self._from)
                self._match = self._ready.search(log.read().decode(errors="replace"))
        return self._match

    def wait_until_ready(self) -> None:
        self.process.wait_for(self.match, START_SECONDS, "ready for work")

    @property
    def url(self) -> str:
        """Of a web process that is ready."""
        match = self.match()
        if match is None:
            raise ProcessFailed(f"{self.name} does not listen yet\n{self.process.tail()}")
        return match[1]

    def require_running(self) -> None:
        """Raises ProcessFailed with the end of its log when it ended although nobody killed it."""
        if not self.killed and not self.process.running:
            code = self.process.returncode
            raise ProcessFailed(f"{self.name} ended by itself with exit code {code}\n{self.process.tail()}")

    @property
    def state(self) -> str:
        if self.killed:
            return "killed"
        return "running" if self.match() else "starting"


def web(name: str, application: str, env: Environment, workspace: Workspace, port: int = 0) -> Program:
    """Gunicorn, unless a port is named on one that the system chooses; `url` tells which."""
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--keep-alive", "75"]
    options += ["--worker-tmp-dir", str(workspace.temporary), "--no-control-socket"]
    ready = r"Listening at: (http://127\.0\.0\.1:\d+)"
    return Program(name, ["-m", "gunicorn", application, *options], env, workspace, ready=ready)


def run(
    name: str, command: Sequence[str | Path], env: Environment, workspace: Workspace, *, seconds: float = 120
) -> None:
    """Run a command to its end. Raises ProcessFailed with the end of its output."""
    log = workspace.logs / f"{name.replace(' ', '-')}.log"
    process = ManagedProcess(name, [sys.executable, *command], log=log, env=env, cwd=PROJECT).start()
    code = process.wait(seconds)
    if code != 0:
        raise ProcessFailed(f"{name} failed with exit code {code}\n{process.tail()}")


def wait_until_healthy(web: Program) -> None:
    url = f"{web.url}/api/health/"
    web.process.wait_for(partial(_is_healthy, url), HEALTH_SECONDS, f"a healthy answer of {url}")


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def together(*tasks: Callable[[], object]) -> None:
    """Run the tasks at the same time and wait for all. Raises what the first failing one raised."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
