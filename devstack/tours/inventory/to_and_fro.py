"""`python -m devstack.tours.inventory.to_and_fro TIMES`, with the shop's settings, at the stage canary.

All SKUs go to the service and come back, so many times, as fast as gates and batons go. One process, since to start
one for each step would take longer than the step.
"""

import io
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.core.management import CommandError, call_command  # noqa: E402

from monolith.inventory.models import Ownership, StockItem  # noqa: E402

PATIENCE_SECONDS = 120.0
LOOK_EVERY_SECONDS = 0.2


def main() -> int:
    skus, times = StockItem.objects.values("sku").distinct().count(), int(sys.argv[1])
    for number in range(1, times + 1):
        for percent, wanted in ((100, skus), (0, 0)):
            if not (
                _until(lambda share=percent: _moved(share)) and _until(lambda at=wanted: _with_the_service() == at)
            ):
                print(f"time {number}: canary:{percent}, and the service owns {_with_the_service()} of {skus} SKUs")
                return 1
    print(f"{times} times {skus} SKUs there and back")
    return 0


def _moved(percent: int) -> bool:
    """False where a gate is shut: then it is tried again."""
    try:
        call_command("stage", "inventory", "canary", percent=percent, reason="to and fro", stdout=io.StringIO())
    except CommandError as refusal:
        print(refusal)
        if "stays" not in str(refusal):
            raise
        return False
    return True


def _with_the_service() -> int:
    return Ownership.objects.filter(owner=Ownership.Owner.SERVICE).count()


def _until(reached: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_SECONDS)
    return True


if __name__ == "__main__":
    sys.exit(main())
