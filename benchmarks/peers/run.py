"""`python -m benchmarks.peers.run PEER COMMAND …`, in the peers' own environment.

Commands: `migrate`; `fill COUNT` commits events; `relay`; `load RATE SECONDS FILE` commits events at a pace and writes
`<id> <time of the COMMIT>` lines; `send COUNT` fills the queue in the peer's own format; `consume`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import dj_database_url

from benchmarks import pace
from benchmarks.project.filling import SKUS
from benchmarks.project.message import body

CHUNK = 500
_DJANGO = ("django.contrib.contenttypes", "django.contrib.auth")


def main(name: str, command: str, *arguments: str) -> None:
    peer = import_module(f"benchmarks.peers.{name}")
    _set_up(peer)
    if command == "load":
        rate, seconds, file = arguments
        pace.load(lambda number: _commit(peer, number), float(rate), float(seconds), Path(file))
    else:
        _COMMANDS[command](peer, *arguments)


def _set_up(peer: Any) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="not a secret: nothing is served with these settings",  # noqa: S106
        DEBUG=False,
        USE_TZ=True,
        INSTALLED_APPS=[*_DJANGO, "benchmarks.project", *peer.APPS],
        DATABASES={"default": {**dj_database_url.parse(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        **peer.SETTINGS,
    )
    django.setup()
    logging.getLogger().setLevel(logging.WARNING)
    if hasattr(peer, "ready"):
        peer.ready()


def _commit(peer: Any, number: int) -> tuple[str, float]:
    (event,) = _bodies(number, 1)
    return event["id"], peer.record([event])


def _migrate(peer: Any) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if hasattr(peer, "migrate"):
        peer.migrate()


def _fill(peer: Any, count: str) -> None:
    for start in range(0, int(count), CHUNK):
        peer.record(_bodies(start, min(CHUNK, int(count) - start)))


def _send(peer: Any, count: str) -> None:
    peer.send(_bodies(0, int(count)))


def _bodies(start: int, count: int) -> list[dict[str, Any]]:
    return [json.loads(body(f"sku-{n % SKUS}")) for n in range(start, start + count)]


_COMMANDS = {
    "migrate": _migrate,
    "fill": _fill,
    "send": _send,
    "relay": lambda peer: peer.relay(),
    "consume": lambda peer: peer.consume(),
}


if __name__ == "__main__":
    main(*sys.argv[1:])
