"""The gateway started as a process, for tests and tours, and what one wants to know of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from devstack.gateway.knobs import Knobs

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """`process` may be killed. `url` is what `GATEWAY_URL` takes."""

    process: subprocess.Popen[str]
    url: str
    seen: int = 0

    def turn(self, **knobs: float | bool) -> None:
        httpx.put(f"{self.url}knobs", json=knobs).raise_for_status()

    def behave(self) -> None:
        """All knobs as they were, and `moved()` begins anew."""
        self.turn(**asdict(Knobs()))
        self.seen += len(self.moved())

    def moved(self) -> list[dict[str, Any]]:
        """Its own log of what moved since."""
        answer = httpx.get(f"{self.url}movements", params={"after": self.seen}).raise_for_status()
        movements: list[dict[str, Any]] = answer.json()["movements"]
        return movements


@contextmanager
def running(*, port: int = 0, journal: Path | None = None) -> Iterator[Running]:
    """Until the block ends. Its address is what it prints."""
    command = [sys.executable, "-m", "devstack.gateway", "--port", str(port)]
    if journal is not None:
        command += ["--journal", str(journal)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise RuntimeError(f"the gateway did not start: {' '.join(command)} ended with {process.wait(10)}")
        yield Running(process, url)
    finally:
        process.kill()
        process.wait()
