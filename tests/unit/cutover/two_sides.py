"""The monolith's table in the test's database, the service's in another, behind a real server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection

from strangler.cutover.parity.comparing import Kind, Outcome, compare
from strangler.cutover.parity.declared import parities
from tests.support.service import SampleService, sample_service

_INSERT = "INSERT INTO sample_effect (thing, step, consumer_group, handled_at) SELECT %s, %s, %s, '2026-01-01Z'"
_GENERATE = (
    "INSERT INTO sample_effect (thing, step, consumer_group, handled_at) "
    "SELECT 'S-' || lpad(n::text, 7, '0'), n %% 100, 'sample', '2026-01-01Z' FROM generate_series(1, %s) n"
)


class TwoSides:
    def __init__(self) -> None:
        self.service: SampleService = sample_service()
        self.both(_EMPTY)
        self.copy("TRUNCATE sample_item")

    @property
    def settings(self) -> dict[str, Any]:
        return {"URL": self.service.url, "TOKEN": self.service.token, "GROUPS": ["sample"]}

    def monolith(self, statement: str, *params: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, params or None)

    def copy(self, statement: str, *params: Any) -> None:
        with self.service.database.cursor() as cursor:
            cursor.execute(statement.encode(), params or None)

    def both(self, statement: str, *params: Any) -> None:
        self.monolith(statement, *params)
        self.copy(statement, *params)

    def generate(self, rows: int) -> None:
        """`S-0000001` and so on, the same on both sides."""
        self.both(_GENERATE, rows)

    def fill(self, monolith: Mapping[str, int], service: Mapping[str, int]) -> None:
        """Nothing but these: things, with their steps."""
        self.both(_EMPTY)
        for thing, step in monolith.items():
            self.monolith(_INSERT, thing, step, "sample")
        for thing, step in service.items():
            self.copy(_INSERT, thing, step, "sample")


_EMPTY = "TRUNCATE sample_effect RESTART IDENTITY"


def outcome_of(name: str = "effects", *, context: str = "sample", grace: float = 0, limit: int = 10_000) -> Outcome:
    return compare(parities[context, name], grace=grace, limit=limit, progress=lambda rows, expected: None)


def found(outcome: Outcome) -> dict[str, set[str]]:
    """By kind, those that there are."""
    return {str(kind): set(keys) for kind, keys in outcome.keys.items() if keys}


def kinds(different: Iterable[str] = (), missing: Iterable[str] = (), extra: Iterable[str] = ()) -> dict[str, set[str]]:
    given = {Kind.DIFFERENT: set(different), Kind.MISSING: set(missing), Kind.EXTRA: set(extra)}
    return {str(kind): keys for kind, keys in given.items() if keys}
