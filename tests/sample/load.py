"""Load, as a process of its own: writes steps of things, and notes what the database acknowledged.

`python -m tests.sample.load FILE --rate 200` until SIGTERM. One line in FILE per committed step: `<thing> <step>`.
Every tenth transaction rolls back after it published: those steps must never be seen, so they carry negative numbers.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from typing import TextIO

import django
from django.db import Error, connection, transaction

django.setup()

from strangler.outbox import publish_many  # noqa: E402
from strangler.stopping import stop_on_signals  # noqa: E402
from tests.sample.events import StepTaken  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--rate", type=float, default=200.0, help="transactions a second")
    parser.add_argument("--things", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    steps: Counter[str] = Counter()
    choice = random.Random(options.seed)
    with stop_on_signals() as stop, open(options.file, "a", buffering=1) as log:
        due = time.monotonic()
        while not stop.is_set():
            due += 1 / options.rate
            stop.wait(max(0, due - time.monotonic()))
            _write(f"t{choice.randrange(options.things)}", steps, choice, log)


def _write(thing: str, steps: Counter[str], choice: random.Random, log: TextIO) -> None:
    """A step whose commit is uncertain (the server died in it) ends its thing: nothing more is expected of it."""
    if steps[thing] < 0:
        return
    committing = False
    many = [StepTaken(thing=thing, step=steps[thing] + n) for n in range(choice.choice([1, 1, 1, 3]))]
    try:
        with transaction.atomic():
            publish_many(many)
            if choice.random() < 0.1:
                publish_many([StepTaken(thing=thing, step=-1)])
                transaction.set_rollback(True)
                return
            committing = True
    except Error:
        connection.close()
        if committing:
            steps[thing] = -1
            log.write(f"{thing} uncertain\n")
        return
    steps[thing] += len(many)
    log.writelines(f"{thing} {event.step}\n" for event in many)


if __name__ == "__main__":
    main()
