"""Calls a function of a step so that its failure is undone alone, and can be written down beside what went before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.db import OperationalError, connections, transaction

from strangler.errors import SagaError
from strangler.saga.declaring import Saga, Waiting
from strangler.saga.models import SagaInstance


class Calls:
    """`data` is what the functions are given. With `alone`, each call has a savepoint of its own."""

    def __init__(self, saga: Saga[Any], instance: SagaInstance, data: Any, *, using: str, alone: bool) -> None:
        self._saga = saga
        self._instance = instance
        self._data = data
        self._using = using
        self._alone = alone

    def call(self, function: Callable[..., Any], *said: Any, may_wait: bool = False) -> bool:
        """Whether it waits. What it wants remembered is remembered; raises whatever it raises, its writes undone."""
        with transaction.atomic(using=self._using) if self._alone else nullcontext():
            outcome = function(self._data, *said)
            if self._alone and connections[self._using].needs_rollback:
                raise SagaError(f"{_name(function)} asked for a rollback without an error: raise one instead")
            waits = isinstance(outcome, Waiting)
            if waits and not may_wait:
                raise SagaError(f"{_name(function)} returned waiting(): only run may, of a step with done= and within=")
            changed = outcome.data if isinstance(outcome, Waiting) else outcome
            packed = None if changed is None else self._saga.pack(changed, key=self._instance.key)
        if packed is not None:
            self._data, self._instance.data = changed, packed
        return waits

    def require_connection(self, error: Exception) -> None:
        """Raises `OperationalError` where the database is away: then nobody is to blame, and nothing was decided."""
        if not connections[self._using].is_usable():
            raise OperationalError(f"the database went away in a step of {self._instance}: {error}") from error


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", function))
