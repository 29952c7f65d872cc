"""What a reader has before the first line: a checkout, a Python, and a shell that knows nothing of this test run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.bootstrap import Environment
from tests.stack.postgres import scratch

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("HOME", "USER", "LANG", "TMPDIR", "PIP_", "SSL_", "REQUESTS_", "HTTP_", "HTTPS_", "http_", "https_")
"""Beginnings of the names of variables that say how this machine reaches the package index, and little else."""
NOT_SOURCE = (".local", ".git", "__pycache__", "*.egg-info", "build", ".*cache", ".hypothesis")


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """An empty folder that goes away."""
    path = scratch() / "guides" / "".join(c if c.isalnum() else "-" for c in request.node.name)
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def env(folder: Path) -> dict[str, str]:
    """`python3` is the Python that this test run's environment was made with."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    programs = folder / "bin"
    programs.mkdir()
    python = programs / "python3"
    python.write_text(f'#!/bin/sh\nexec {sys._base_executable} "$@"\n')  # type: ignore[attr-defined]
    python.chmod(0o755)
    others = [part for part in os.environ["PATH"].split(os.pathsep) if not Path(part).is_relative_to(sys.prefix)]
    return kept | {
        "PATH": os.pathsep.join([str(programs), *others]),
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "120",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",  # as Python does where it prints to a terminal
    }


@pytest.fixture
def checkout(folder: Path) -> Path:
    """The project as it is now; what takes a minute to fetch is there already, as after `make test`."""
    environment = Environment(ROOT)
    if Path(sys.prefix).resolve() != environment.venv.resolve() or not environment.stamp.exists():
        pytest.fail(
            f"the guides need an environment made by {ROOT}/devstack/bootstrap.py: run `make test`", pytrace=False
        )
    copy = folder / "django-strangler"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    (copy / ".local").mkdir()
    (copy / ".local" / "venv").symlink_to(sys.prefix)
    (copy / ".local" / "java").symlink_to(ROOT / ".local" / "java")
    return copy
