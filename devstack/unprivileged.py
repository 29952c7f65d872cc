"""Choose as whom a server that refuses root shall run, so that it writes inside the project folder only."""

import functools
import os
import pwd
import subprocess
from pathlib import Path

from devstack.processes import launcher


class NoUnprivilegedUser(RuntimeError):
    """Root cannot step down: no user namespace, and another user cannot reach the folder."""


def server_user(folder: Path) -> str:
    """Return what `launcher(user=...)` needs for a server whose files live in `folder`.

    Ordinary users: themselves. Root: the owner of the folder if that is somebody else; otherwise a user namespace, in
    which root's files look like an ordinary user's; otherwise `nobody`, who is given the folder.
    Raises NoUnprivilegedUser when that one cannot reach it.
    """
    if os.geteuid() != 0:
        return ""
    owner = folder.stat()
    if owner.st_uid == 0 and _namespaces_work():
        return "namespace"
    if owner.st_uid == 0:
        nobody = pwd.getpwnam("nobody")
        _give(folder, nobody.pw_uid, nobody.pw_gid)
        owner = folder.stat()
    _require_passage(folder, owner.st_uid, owner.st_gid)
    return f"{owner.st_uid}:{owner.st_gid}"


@functools.cache
def _namespaces_work() -> bool:
    probe = [*launcher(owner=None, user="namespace"), "id", "-u"]
    answer = subprocess.run(probe, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() not in ("", "0")


def _give(folder: Path, user: int, group: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)


def _require_passage(folder: Path, user: int, group: int) -> None:
    probe = [*launcher(owner=None, user=f"{user}:{group}"), "test", "-x", str(folder.resolve())]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        raise NoUnprivilegedUser(
            f"PostgreSQL refuses to run as root, user namespaces are not available here, and user {user} cannot enter "
            f"{folder}. Run as an ordinary user, or move the project below folders that others may enter (chmod o+x)."
        )
