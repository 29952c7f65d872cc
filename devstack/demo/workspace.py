"""The one folder the demo writes to, and the lock that keeps a second demo out of it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.demo.errors import DemoError
from devstack.stop import stop_all

PROJECT = Path(__file__).resolve().parents[2]


class Workspace:
    """Databases, logs, mails and passwords of the last run. Made anew by each run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.postgres = self.root / "postgres"
        self.logs = self.root / "logs"
        self.mail = self.root / "mail"
        self.run = self.root / "run"
        self.temporary = self.root / "tmp"
        self.passwords = self.root / "passwords.json"

    def make_anew(self) -> None:
        """Also stops what a demo that was killed may have left, where the system has not done so itself."""
        try:
            if self.root.exists():
                stop_all(self.root)
                shutil.rmtree(self.root)
            for folder in (self.logs, self.mail / "shop", self.mail / "notifications", self.run, self.temporary):
                folder.mkdir(parents=True)
        except PermissionError as error:
            raise _not_ours(self.root) from error


@contextmanager
def workspace_of_this_run(name: str | None = None) -> Iterator[Workspace]:
    """Hold `.local/demo` (or `.local/demo-NAME`) as long as this process lives. Raises DemoError when another does."""
    local, folder = PROJECT / ".local", f"demo-{name}" if name else "demo"
    path = local / f"{folder}.lock"
    try:
        local.mkdir(exist_ok=True)
        lock = path.open("a+", encoding="ascii")
    except PermissionError as error:
        raise _not_ours(local) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            raise DemoError(
                f"another demo runs in {local / folder} (pid {pid}): end it with Ctrl-C, or give this one a --name"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield Workspace(local / folder)


def _not_ours(path: Path) -> DemoError:
    return DemoError(f"{path} belongs to another user. Remove it (sudo rm -rf {path}) or run the demo as its owner")
