"""`python -m benchmarks.bare.drain MESSAGES ANSWER`: receive and acknowledge, 100 at a time, and nothing else.

The limit of any consumer on this client: py-amqp, which is the kit's too.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from benchmarks.bare.consume import BATCH, Receiver

START = 0.05


def main(messages: str, answer: str) -> None:
    receiver, total, seen, began = Receiver(os.environ["BROKER_URL"], os.environ["QUEUE"]), int(messages), 0, None
    while seen < total:
        batch = receiver.take(BATCH)
        receiver.acknowledge(batch)
        seen += len(batch)
        if began is None and seen > total * START:
            began = time.monotonic(), seen
    assert began
    Path(answer).write_text(f"{(seen - began[1]) / (time.monotonic() - began[0])}", encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
