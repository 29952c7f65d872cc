"""The one folder a run writes to, and the lock that keeps a second run out of it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack.shop.errors import CannotGoOn
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
        """Also stops what a run that was killed may have left, where the system has not done so itself."""
        try:
            if self.root.exists():
                stop_all(self.root)
                shutil.rmtree(self.root)
            for folder in (self.logs, self.mail / "shop", self.mail / "notifications", self.run, self.temporary):
                folder.mkdir(parents=True)
        except PermissionError as error:
            raise _not_ours(self.root) from error


@contextmanager
def workspace_in(folder: str, what: str) -> Iterator[Workspace]:
    """Hold `.local/FOLDER` as long as this process lives. Raises CannotGoOn when another `what` does."""
    root = PROJECT / ".local" / folder
    path = root.with_name(f"{root.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+", encoding="ascii")
    except PermissionError as error:
        raise _not_ours(path.parent) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip() or "unknown"
            raise CannotGoOn(
                f"another {what} runs in {root} (pid {pid}): end it with Ctrl-C, or give this one a --name"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield Workspace(root)


def _not_ours(path: Path) -> CannotGoOn:
    return CannotGoOn(f"{path} belongs to another user. Remove it (sudo rm -rf {path}) or run this as its owner")
