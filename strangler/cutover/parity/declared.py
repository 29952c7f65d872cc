"""What is compared, declared on both sides under one name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from strangler.errors import ParityError

if TYPE_CHECKING:
    from django.db.models import QuerySet

Rows = Callable[[], "QuerySet[Any, Any]"]
R = TypeVar("R", bound=Rows)


@dataclass(frozen=True, slots=True)
class Declared:
    """One side: `rows` gives the QuerySet of `.values(...)`, `key` is the column that tells its rows apart."""

    name: str
    key: str
    rows: Rows

    @property
    def label(self) -> str:
        """For messages: where a person finds it."""
        return f"parity {self.name!r} ({self._function})"

    @property
    def _function(self) -> str:
        return f"{self.rows.__module__}.{self.rows.__qualname__}"


@dataclass(frozen=True, slots=True)
class Parity(Declared):
    """The monolith's side. `backfill` names the one that tells these rows again: for `--repair`."""

    context: str = ""
    backfill: str = ""


parities: dict[tuple[str, str], Parity] = {}
"""What the monolith compares, by context and name."""

copies: dict[str, Declared] = {}
"""What a service answers for, by name."""


def parity(context: str, name: str, *, key: str, backfill: str = "") -> Callable[[R], R]:
    """Decorator of the monolith's side; `context` is the service's name in `STRANGLER["SERVICES"]`.

    The function returns a QuerySet of `.values(...)`: the key and all that is compared. `backfill` is the name of one
    of whose rows `key` is a field. Raises `ParityError` where the name is taken or can be no part of a URL.
    """

    _require_a_name(name)

    def register(rows: R) -> R:
        made = Parity(name, key, rows, context, backfill)
        _once(made, parities.setdefault((context, name), made))
        return rows

    return register


def parity_copy(name: str, *, key: str) -> Callable[[R], R]:
    """Decorator of the service's side: the same name, key and columns as the monolith's. Raises `ParityError`."""

    _require_a_name(name)

    def register(rows: R) -> R:
        made = Declared(name, key, rows)
        _once(made, copies.setdefault(name, made))
        return rows

    return register


def chosen(context: str, names: list[str]) -> list[Parity]:
    """Those of a context, all without `names`. Raises `ParityError` naming the known ones."""
    of_context = {name: item for (where, name), item in parities.items() if where == context}
    if not of_context:
        known = ", ".join(sorted({where for where, _ in parities})) or "none: is there a parity.py in an installed app?"
        raise ParityError(f"nothing is declared to be compared with {context!r} (contexts with @parity: {known})")
    if unknown := [name for name in names if name not in of_context]:
        raise ParityError(f"{context} has no parity {', '.join(unknown)} (it has {', '.join(sorted(of_context))})")
    return [of_context[name] for name in names or sorted(of_context)]


def _require_a_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise ParityError(f"parity {name!r}: a name is letters, digits, `_`, `.` and `-`, since it is part of a URL")


def _once(made: Declared, known: Declared) -> None:
    if known.label != made.label:
        raise ParityError(f"{made.label} and {known.label} have the same name: rename one")
