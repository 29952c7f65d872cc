"""The servers and the project that a benchmark runs on: those of the tests, so that both measure the same thing."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.stack import servers
from tests.stack.postgres import scratch
from tests.support.project import Project

RELAYS = ("polling", "debezium")
BROKERS = ("pgmq", "rabbitmq")


@contextmanager
def project_on(broker: str, relay: str) -> Iterator[Project]:
    url = servers.rabbitmq().url if broker == "rabbitmq" else servers.pgmq_url()
    folder = Path(scratch()) / f"{relay}-{broker}"
    folder.mkdir(exist_ok=True)
    project = Project(servers.business(), url, relay=relay, folder=folder)
    try:
        yield project
    finally:
        project.close()


def machine() -> str:
    memory = psutil.virtual_memory().total // 2**30
    return f"{psutil.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}, {platform.system()}"
