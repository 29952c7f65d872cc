"""`python -m benchmarks.bare.receive FILE`: what arrives at the broker's other side, and when.

It takes without acknowledging: nothing but the relay shall keep a message from getting here.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import Any

from benchmarks.bare.confirms import connect

_ID = re.compile(rb'"id": ?"([0-9a-f-]{36})"')


def id_in(body: bytes | str) -> str:
    """The event's id, in whatever a peer wraps it. Raises ValueError where there is none."""
    found = _ID.search(body.encode() if isinstance(body, str) else body)
    if found is None:
        raise ValueError(f"no event's id in {body!r}")
    return found[1].decode()


def main(file: str) -> None:
    connection = connect(os.environ["BROKER_URL"])
    with open(file, "a", buffering=1, encoding="ascii") as log:

        def arrived(message: Any) -> None:
            moment = time.monotonic()
            log.write(f"{id_in(message.body)} {moment:.6f}\n")

        connection.channel().basic_consume(os.environ["QUEUE"], no_ack=True, callback=arrived)
        while True:
            connection.drain_events()


if __name__ == "__main__":
    main(*sys.argv[1:])
