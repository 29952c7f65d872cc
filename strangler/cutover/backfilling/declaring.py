"""`@backfill`: how a context tells the present state of its rows, in the events that it publishes live."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import CompositePrimaryKey, Model, QuerySet

from strangler.errors import BackfillError
from strangler.messaging import Event

M = TypeVar("M", bound=Model)
Rows = Callable[[], QuerySet[M]]
Tell = Callable[[Sequence[M]], Iterable[Event]]

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
MAX_NAME = 127


class Backfill(Generic[M]):
    """Call it as you would call the function it was made of. Made by `@backfill`."""

    def __init__(self, name: str, rows: Rows[M], tell: Tell[M], version: int, beside: tuple[str, ...] = ()) -> None:
        self.name = name
        self.context = name.partition(".")[0]
        self.version = version
        self.beside = beside
        self.place = f"{tell.__module__}.{tell.__qualname__}"
        self.module = tell.__module__
        self._rows = rows
        self._tell = tell
        self.__doc__ = tell.__doc__

    def __call__(self, rows: Sequence[M]) -> Iterable[Event]:
        return self._tell(rows)

    def rows(self) -> QuerySet[M]:
        """All that there is to tell. Raises `BackfillError` where that is no query which can be taken in chunks."""
        found: Any = self._rows()
        if not isinstance(found, QuerySet):
            raise BackfillError(f"{self.name}: rows= returns {type(found).__name__}, it takes a function to a QuerySet")
        if found.query.is_sliced or found.query.combinator:
            raise BackfillError(f"{self.name}: rows= returns a slice or a union, which cannot be told in chunks")
        if isinstance(found.model._meta.pk, CompositePrimaryKey):
            raise BackfillError(f"{self.name}: {found.model.__name__} has a primary key of several columns, not of one")
        for name in self.beside:
            self._check_beside(found.model, name)
        return found

    def _check_beside(self, model: type[Model], name: str) -> None:
        field: Any = next((field for field in model._meta.concrete_fields if field.name == name), None)
        if field is None or not field.many_to_one or field.null or model._meta.parents:
            raise BackfillError(
                f"{self.name}: beside={name!r} must be a foreign key of {model.__name__} that is never NULL, and the "
                "model may inherit from no other that has a table"
            )

    def tell_again(self, group: str, pks: Iterable[Any]) -> int:
        """Tell consumer group `group` of these rows only; returns how many there were.

        Those that do not exist are passed over: nobody told of their end, and nobody can now. Not inside a
        transaction: it takes short ones of its own, and waits while the outbox is full. Raises `BackfillError`.
        """
        from strangler.cutover.backfilling.again import tell_again  # needs models

        return tell_again(self, group, pks)


backfills: dict[str, Backfill[Any]] = {}
"""All that this process has, by name."""


def backfill(
    name: str, *, rows: Rows[M], version: int = 1, beside: tuple[str, ...] = ()
) -> Callable[[Tell[M]], Backfill[M]]:
    """Decorator for the `backfill.py` of the context that owns the events.

    `name` is `<context>.<what>`. `rows` returns the query of what there is to tell. The function gets some rows, read
    after they were locked, and yields the public events that bring a reader up to their present state, of one key in
    order. A new `version` tells everything again. What changes a row, or what is told of it, has to lock or write the
    row before it publishes. `beside` names foreign keys whose rows are locked with each row, since what is told is
    about them, too; rows are told as their locks can be had then, not in the order of keys. Raises `BackfillError`.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise BackfillError(
            f"@backfill({name!r}): the name is '<context>.<what>' in lower case, {MAX_NAME} characters at most, for "
            "example 'orders.orders'"
        )
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise BackfillError(f"@backfill({name!r}): version={version!r} must be a whole number from 1")

    def register(tell: Tell[M]) -> Backfill[M]:
        made = Backfill(name, rows, tell, version, beside)
        known = backfills.setdefault(name, made)
        if known.place != made.place:
            raise BackfillError(f"backfill {name!r} is declared twice, by {known.place} and by {made.place}")
        return made

    return register


def find(name: str) -> Backfill[Any]:
    """Raises `BackfillError` naming those that there are."""
    if name not in backfills:
        known = ", ".join(sorted(backfills)) or "none: is there a backfill.py with @backfill in an installed app?"
        raise BackfillError(f"there is no backfill {name!r} (known: {known})")
    return backfills[name]
