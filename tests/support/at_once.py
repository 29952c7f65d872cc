"""Threads that start together, against a real database. For tests marked `django_db(transaction=True)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection


def at_once(
    calls: Sequence[Callable[[], Any]], *, expected: type[Exception] | tuple[type[Exception], ...] = ()
) -> tuple[list[Any], list[Exception]]:
    """Each call in a thread of its own; returns what came back and what was refused. Other errors are raised."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            ready.wait(timeout=10)
            return call()
        except expected as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        outcomes = list(pool.map(run, calls, timeout=60))
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)], refused
