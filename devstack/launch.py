"""Become another program that cannot outlive the process that asked for it (stdlib only, run as a script).

Being a fresh single-threaded process, this is the safe place for what `preexec_fn` would have to do between fork and
exec in a threaded parent: enter a user namespace, drop root, and ask Linux for a signal when the parent dies.
The credentials come first: the kernel forgets the death signal whenever they change (prctl(2), PR_SET_PDEATHSIG).
"""

import argparse
import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NAMESPACE_ID = 1000


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def enter_user_namespace() -> None:
    """Look like user 1000 from inside while files stay owned by the user at hand, as `unshare --map-user` does."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{NAMESPACE_ID} {user} 1"),
        ("gid_map", f"{NAMESPACE_ID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as control:
            control.write(content)


def drop_to(user: int, group: int) -> None:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def die_with_parent(owner: int, death_signal: int) -> None:
    if sys.platform != "linux":
        return
    _call("prctl", PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != owner:  # it died before the kernel was asked
        sys.exit(f"the process that started this one (pid {owner}) is gone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--owner", type=int, help="pid of the parent; absent: outlive it")
    parser.add_argument("--death-signal", type=int, default=9)
    parser.add_argument("--user", default="", help="'namespace', or uid:gid to drop to")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        if options.user == "namespace":
            enter_user_namespace()
        elif options.user:
            drop_to(*map(int, options.user.split(":")))
        if options.owner is not None:
            die_with_parent(options.owner, options.death_signal)
        os.execvp(options.command[0], options.command)  # noqa: S606 - becoming that program is the purpose
    except OSError as error:
        sys.exit(f"cannot run {options.command[0]}: {error}")


if __name__ == "__main__":
    main()
