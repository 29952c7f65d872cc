"""A PostgreSQL to develop against, until Ctrl-C: `python -m devstack.up [NAME ...]`.

Each NAME (shop and notifications, unless others are given) is a system with a database of its own; one more database
holds the queues between them. `.local/up/NAME.env` and `broker.env` are for `source`, in the terminals that work on
that system. Data, passwords and ports are kept from one start to the next. With `shop notifications reporting`, or
`inventory` or `payments` in its place, the shop is told how to ask that service.
"""

import argparse
import json
import re
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import FrameType

from devstack.ports import LOOPBACK, kept_port
from devstack.postgres import EmbeddedPostgres
from devstack.postgres_contents import SUPERUSER
from devstack.processes import ProcessFailed
from devstack.secretfile import SecretFile, write_private
from devstack.unprivileged import NoUnprivilegedUser

FOLDER = Path(__file__).resolve().parent.parent / ".local" / "up"
SYSTEMS = ("shop", "notifications")
BROKER, CAPTURE = "broker", "cdc"
ASKED = ("inventory", "payments", "reporting")
"""Systems that the first one asks over HTTP, where they are there."""
CHECK_EVERY_SECONDS = 1.0
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


class Interrupted(Exception):
    """Somebody wants it to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    systems = options(arguments, "python -m devstack.up", "A PostgreSQL to develop against.")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        with EmbeddedPostgres(FOLDER / "postgres") as postgres:
            for name, variables in environments(postgres, systems, FOLDER):
                show(FOLDER / f"{name}.env", variables)
            print(f"PostgreSQL answers on {LOOPBACK}:{postgres.port}. Ctrl-C stops it and keeps the data.", flush=True)
            _stay(postgres)
    except Interrupted:
        print("PostgreSQL has stopped.", flush=True)
    except (ProcessFailed, NoUnprivilegedUser) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def environments(
    postgres: EmbeddedPostgres, systems: Sequence[str], folder: Path
) -> Iterator[tuple[str, dict[str, str]]]:
    """Make what is missing and yield the environment variables of each system, the broker's last.

    Where the broker is, is told apart from the rest: a monolith needs none before its first context moves.
    """
    postgres.ensure_role(CAPTURE, replication=True)
    for name in (*systems, BROKER):
        postgres.ensure_role(name)
        postgres.ensure_database(name, owner=name)
    addresses = _addresses(folder / "ports.json", systems)
    for name in systems:
        yield (
            name,
            {
                "DATABASE_URL": postgres.url(name, name),
                "CDC_DATABASE_URL": postgres.url(name, CAPTURE),
                "EMAIL_FILE_PATH": str(folder / "mail" / name),
                "ADDRESS": addresses[name],
                "DEBUG": "1",
                **_asking(name, systems, addresses, folder),
            },
        )
    yield BROKER, {"BROKER_URL": postgres.url(BROKER, BROKER).replace("postgresql://", "pgmq://", 1)}


def _asking(name: str, systems: Sequence[str], addresses: Mapping[str, str], folder: Path) -> dict[str, str]:
    """How the first system asks those of the others that it does ask: URL, and the token that both know."""
    tokens = SecretFile(folder / "tokens.json")
    asked = [other for other in systems[1:] if other in ASKED]
    if name in asked:
        return {"SERVICE_TOKEN": tokens.get_or_create(name)}
    if name != systems[0]:
        return {}
    told: dict[str, str] = {}
    for other in asked:
        told[f"{other.upper()}_URL"] = f"http://{addresses[other]}/strangler/"
        told[f"{other.upper()}_TOKEN"] = tokens.get_or_create(other)
    return told


def _addresses(file: Path, systems: Sequence[str]) -> dict[str, str]:
    """A free port for each system's web server, the same as last time where it is still free."""
    known: dict[str, int] = json.loads(file.read_text(encoding="ascii")) if file.exists() else {}
    ports = {name: kept_port(None, known.get(name)) for name in systems}
    file.write_text(json.dumps(known | ports), encoding="ascii")
    return {name: f"{LOOPBACK}:{port}" for name, port in ports.items()}


def show(file: Path, variables: Mapping[str, str]) -> None:
    """Write them as a file to `source`, readable by its owner only, and print them."""
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    write_private(file, exports)
    print(f"# source {file.relative_to(FOLDER.parent.parent)}\n{exports}")


def _stay(postgres: EmbeddedPostgres) -> None:
    while postgres.running:
        time.sleep(CHECK_EVERY_SECONDS)
    raise ProcessFailed(f"PostgreSQL ended by itself; the end of {postgres.log} says why")


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """A signal handler."""
    raise Interrupted


def options(
    arguments: Sequence[str] | None, program: str, description: str, reserved: Set[str] = frozenset()
) -> list[str]:
    """The systems that the command line names. Ends the process where it is wrong."""
    taken = {BROKER, CAPTURE, SUPERUSER, *reserved}
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"systems (default: {' '.join(SYSTEMS)})")
    names: list[str] = parser.parse_args(arguments).names or list(SYSTEMS)
    for name in names:
        if not _NAME.fullmatch(name) or name in taken:
            parser.error(
                f"{name!r} cannot be a system: take lower-case letters, digits and _, but not "
                f"{', '.join(sorted(taken))}"
            )
    return names


if __name__ == "__main__":
    sys.exit(main())
