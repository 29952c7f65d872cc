"""How a Django project commits events with a peer: in one transaction, and when its COMMIT was sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

Body = dict[str, Any]
Record = Callable[[Sequence[Body]], float]


def in_one_transaction(publish: Callable[[Body], object]) -> Record:
    """Returns the monotonic time just before the COMMIT."""

    def record(bodies: Sequence[Body]) -> float:
        with transaction.atomic():
            for body in bodies:
                publish(body)
            return time.monotonic()

    return record
