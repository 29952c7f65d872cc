"""Relays and consumers outlive their database and their broker: they wait for them, longer each time, up to a bound."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Event

import psycopg
import structlog
from django.db import InterfaceError, OperationalError

from strangler.errors import BrokerUnavailable, CaptureUnavailable, WorkerDied

log = structlog.get_logger(__name__)

OUTAGES = (
    BrokerUnavailable,
    CaptureUnavailable,
    InterfaceError,
    OperationalError,
    WorkerDied,
    psycopg.OperationalError,
)
_FIRST_WAIT = 0.2
_HEALTHY_AFTER = 5.0


def survive_outages(work: Callable[[], None], *, stop: Event, backoff_max: float) -> None:
    """Run `work` until it returns or `stop` is set; after an outage run it again.

    Waits are exponential with full jitter, at most `backoff_max` seconds, and start anew once `work` has held out for
    five seconds. Any other error is a bug and is raised.
    """
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        try:
            return work()
        except OUTAGES as error:
            failures = 1 if time.monotonic() - started > _HEALTHY_AFTER else failures + 1
            wait = random.uniform(0, min(backoff_max, _FIRST_WAIT * 2**failures))  # noqa: S311  (jitter, no secret)
            log.warning("outage", error=str(error).strip(), failures=failures, retry_in=round(wait, 2))
            stop.wait(wait)
    return None
