"""Make `.local/venv` from the pinned, hashed requirements: `python3 devstack/bootstrap.py [--with test]`.

`--with peers` makes `.local/peers`, which the benchmarks compare with: other people's packages, away from ours.

Standard library only, and readable by old Pythons down to the point where they are told that they are too old. Does
nothing when the environment already fits. What it installs is exactly what `requirements/*.txt` names, as wheels.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

MINIMUM = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
SETS = {"demo": ("demo",), "test": ("demo", "test"), "peers": ("peers",)}  # what each lock covers: test is a superset
FOLDERS = {"demo": "venv", "test": "venv", "peers": "peers"}
TAIL_LINES = 15


class CannotBootstrap(Exception):
    """The message tells the user what to do."""


class Environment:
    """A virtual environment of one checkout."""

    def __init__(self, root: Path, folder: str = "venv") -> None:
        self.locks = root / "requirements"
        self.local = root / ".local"
        self.venv = self.local / folder
        self.python = self.venv / "bin" / "python"
        self.stamp = self.venv / "installed.json"

    def ensure(self, wanted: str) -> bool:
        """Install the set `wanted` unless it is there. Returns whether there was something to do."""
        self._prepare_folder()
        with (self.local / "bootstrap.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # `make demo` and `make test` may be started together
            fingerprint = self._fingerprint(wanted)
            if self._installed().get(wanted) == fingerprint and self._works():
                return False
            if not self._works():
                self._create()
            self._install(wanted)
            covered = {name: self._fingerprint(name) for name in SETS[wanted]}
            self.stamp.write_text(json.dumps({**self._installed(), **covered}), encoding="utf-8")
        return True

    def _prepare_folder(self) -> None:
        try:
            self.local.mkdir(exist_ok=True)
            (self.local / "bootstrap.lock").touch()
        except PermissionError:
            raise CannotBootstrap(
                f"{self.local} cannot be written by this user, probably because another user made it.\n"
                f"Remove it (sudo rm -rf {self.local}) or run as its owner."
            ) from None

    def _fingerprint(self, name: str) -> str:
        lock = self.locks / f"{name}.txt"
        return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()

    def _installed(self) -> dict[str, str]:
        try:
            installed: dict[str, str] = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return installed

    def _works(self) -> bool:
        """Tell whether it is there, runs, and is of the Python that is running this (interpreters get upgraded)."""
        probe = [str(self.python), "-c", "import sys; print(sys.version)"]
        try:
            answer = subprocess.run(probe, capture_output=True, text=True, check=False)
        except OSError:
            return False
        return answer.returncode == 0 and answer.stdout.strip() == sys.version.strip()

    def _create(self) -> None:
        """Make it without pip: Debian's Python has no `ensurepip` unless python3-venv is installed."""
        if self.venv.exists():
            shutil.rmtree(self.venv)
        command = [sys.executable, "-m", "venv", "--without-pip", str(self.venv)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotBootstrap(
                f"{sys.executable} could not make a virtual environment in {self.venv}:\n{done.stdout}{done.stderr}"
                "On Debian and Ubuntu: apt-get install python3-venv"
            )
        if _has(self.python, "ensurepip"):
            _run([str(self.python), "-m", "ensurepip", "--default-pip"], "pip could not be installed", lambda _: None)

    def _pip(self) -> list[str]:
        """Return a pip that installs into the environment: its own, else the one of the Python at hand."""
        if _has(self.python, "pip"):
            return [str(self.python), "-m", "pip"]
        if _has(Path(sys.executable), "pip"):
            return [sys.executable, "-m", "pip", "--python", str(self.python)]
        raise CannotBootstrap(
            f"{sys.executable} has neither pip nor ensurepip.\n"
            "On Debian and Ubuntu: apt-get install python3-venv (or python3-pip), then run this again."
        )

    def _install(self, wanted: str) -> None:
        lock = self.locks / f"{wanted}.txt"
        total = sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line)
        command = [*self._pip(), "install", "--requirement", str(lock), "--require-hashes", "--only-binary", ":all:"]
        command += ["--no-deps", "--progress-bar", "off", "--disable-pip-version-check", "--no-input"]
        progress = Progress(f"Installing {total} packages into {os.path.relpath(self.venv)}")
        _run(command, f"pip could not install {os.path.relpath(lock)}", progress.line)
        progress.done()


class Progress:
    """One line that moves on a terminal; a first and a last line elsewhere."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self.seen = 0
        self.moving = sys.stdout.isatty()
        print(f"{title} (first run only, about a minute) ...", end="" if self.moving else "\n", flush=True)

    def line(self, line: str) -> None:
        if line.startswith(("Collecting ", "Requirement already")):
            self.seen += 1
        what = "unpacking" if line.startswith("Installing collected") else f"{self.seen} fetched"
        if self.moving:
            print(f"\r\033[K{self.title}: {what}", end="", flush=True)

    def done(self) -> None:
        start = "\r\033[K" if self.moving else ""
        print(f"{start}{self.title}: done in {time.monotonic() - self.started:.0f} s", flush=True)


def _has(python: Path, module: str) -> bool:
    probe = [str(python), "-c", f"import {module}"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _run(command, failure, each_line) -> None:  # type: ignore[no-untyped-def]
    """Run pip, hand its lines to `each_line`, and raise with their end when it fails."""
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0", "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = []
    for line in process.stdout or ():
        lines.append(line.rstrip())
        each_line(line)
    if process.wait() != 0:
        tail = "\n  ".join(lines[-TAIL_LINES:])
        raise CannotBootstrap(
            f"{failure} (exit code {process.returncode}). The end of what it said:\n  {tail}\n"
            "Check: network or PIP_INDEX_URL/PIP_FIND_LINKS; a platform with wheels (Linux glibc x86-64 or aarch64, "
            f"macOS arm64) and Python 3.11 to 3.14 (this is {sys.version.split()[0]}). Then run the same command again."
        )


def main(arguments=None) -> None:  # type: ignore[no-untyped-def]
    if sys.version_info < MINIMUM:
        sys.exit(
            "Python {}.{} or newer is needed; {} is {}.{}. Name another one: make demo PYTHON=python3.12".format(
                *MINIMUM, sys.executable, *sys.version_info[:2]
            )
        )
    parser = argparse.ArgumentParser(description="Make .local/venv from the pinned requirements.")
    parser.add_argument("--with", dest="wanted", choices=sorted(SETS), default="demo", help="which set (default: demo)")
    wanted = parser.parse_args(arguments).wanted
    try:
        Environment(ROOT, FOLDERS[wanted]).ensure(wanted)
    except CannotBootstrap as problem:
        sys.exit(f"\n{problem}")


if __name__ == "__main__":
    main()
