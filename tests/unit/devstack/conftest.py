"""Real servers in a folder of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from devstack.postgres import EmbeddedPostgres
from devstack.runfile import is_alive
from devstack.waiting import wait_for

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


class Owner:
    """Another Python process, which starts something, prints its pid and then waits until it is killed."""

    def __init__(self, program: str) -> None:
        source = f"import sys, time\nfrom pathlib import Path\n{program}\nsys.stdout.flush()\ntime.sleep(600)"
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        self.popen = subprocess.Popen(
            [sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE, text=True
        )

    def started(self) -> psutil.Process:
        assert self.popen.stdout
        return psutil.Process(int(self.popen.stdout.readline()))

    def kill_9(self) -> None:
        self.popen.kill()
        self.popen.communicate()


def wait_until_gone(processes: list[psutil.Process], timeout: float = 10) -> None:
    wait_for(lambda: not any(map(is_alive, processes)), timeout, f"the end of {processes}")
