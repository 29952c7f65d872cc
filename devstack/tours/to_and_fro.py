"""`python -m devstack.tours.to_and_fro CONTEXT TIMES`, with the shop's settings, at the stage canary.

All of it goes to the service and comes back, so many times, as fast as gates and batons go. One process, since to start
one for each step would take longer than the step.
"""

import io
import sys
import time
from collections.abc import Callable
from importlib import import_module

import django

django.setup()

from django.core.management import CommandError, call_command  # noqa: E402

PATIENCE_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.2


def main() -> int:
    context, times = sys.argv[1], int(sys.argv[2])
    not_settled = import_module(f"monolith.{context}.settling").not_settled
    for number in range(1, times + 1):
        for percent in (100, 0):
            if not (_until(lambda share=percent: _moved(context, share)) and _until(lambda: not not_settled())):
                print(f"time {number}: canary:{percent}, and {not_settled()} of {context} are not there yet")
                return 1
    print(f"{times} times all of {context} there and back")
    return 0


def _moved(context: str, percent: int) -> bool:
    """False where a gate is shut: then it is tried again."""
    try:
        call_command("stage", context, "canary", percent=percent, reason="to and fro", stdout=io.StringIO())
    except CommandError as refusal:
        print(refusal)
        if "stays" not in str(refusal):
            raise
        return False
    return True


def _until(reached: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True


if __name__ == "__main__":
    sys.exit(main())
