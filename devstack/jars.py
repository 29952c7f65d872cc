"""The Java programs of the development stack, from Maven by one pinned `java/pom.xml`: `python -m devstack.jars`.

Each profile of the pom becomes a folder below `.local/java`, made once and again whenever the pom changes. Maven's own
downloads go to a folder that is removed afterwards: nothing is kept twice, and nothing is added to anyone's `~/.m2`.
"""

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from devstack.processes import ProcessFailed

POM = Path(__file__).with_name("java") / "pom.xml"
FOLDER = Path(__file__).resolve().parent.parent / ".local" / "java"
HOW_TO_GET_THEM = "run `python -m devstack.jars`, which needs Maven (apt-get install maven) and its repository"
TAIL_LINES = 15
PROFILES = {  # how to get one's jars, and the folder inside its own where they go
    "kafka": ("dependency:copy-dependencies", "."),
    "connector": ("dependency:copy-dependencies", "debezium-connector-postgres"),  # Connect: a folder per plugin
    "server": ("dependency:unpack", "."),
}


def present(what: str) -> Path | None:
    """Return the folder of a profile's jars. None: they have not been fetched, or for another pom."""
    folder = FOLDER / what
    stamp = _stamp(what)
    return folder if stamp.exists() and stamp.read_text(encoding="ascii") == _fingerprint() else None


def ensure(what: str) -> Path:
    """Return the folder of a profile's jars, fetched if need be. Raises ProcessFailed saying what to install."""
    if (folder := present(what)) is not None:
        return folder
    with _only_one():
        return present(what) or _fetch(what)


def _fetch(what: str) -> Path:
    began = time.monotonic()
    print(f"Fetching {what} from Maven (first run only) ...", flush=True)
    folder, unfinished, repository = FOLDER / what, FOLDER / f"{what}.new", FOLDER / "repository"
    for path in (folder, unfinished):
        shutil.rmtree(path, ignore_errors=True)
    goal, inside = PROFILES[what]
    folders = (f"-DoutputDirectory={unfinished / inside}", f"-Dmaven.repo.local={repository}")
    try:
        _maven(goal, f"-P{what}", "-DincludeScope=runtime", *folders)
    finally:
        shutil.rmtree(repository, ignore_errors=True)
    unfinished.rename(folder)
    _stamp(what).write_text(_fingerprint(), encoding="ascii")
    size = sum(path.stat().st_size for path in folder.rglob("*.jar")) / 1e6
    print(f"Fetching {what} from Maven: {size:.0f} MB in {time.monotonic() - began:.0f} s", flush=True)
    return folder


def _maven(*arguments: str) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise ProcessFailed("Maven was not found: install it (Debian, Ubuntu: apt-get install maven)")
    command = [program, "--batch-mode", "--quiet", "--file", str(POM), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        tail = "\n  ".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
        raise ProcessFailed(
            f"Maven could not fetch what {POM} names (exit code {done.returncode}). It said at the end:\n  {tail}\n"
            "Check: the network, or the mirror in ~/.m2/settings.xml; free space. Then run the same command again."
        )


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Two test runs may be started together."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp(what: str) -> Path:
    return FOLDER / what / "fetched"


def _fingerprint() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def main() -> int:
    try:
        for what in PROFILES:
            ensure(what)
    except ProcessFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
