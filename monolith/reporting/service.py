"""Asks the reporting service, within the time that a page has."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from strangler.cutover.service.client import shared_client

TIMEOUT = 3.0
"""Seconds; a figure that takes longer is no better than the join that it stands for."""

Row = TypeVar("Row")


def ask(figure: str, **parameters: Any) -> Any:
    """The answer's JSON. Raises ServiceUnavailable, and ConfigurationError where nobody says where the service is."""
    return shared_client("reporting", path="../api/", timeout=TIMEOUT).get(f"{figure}/", parameters)


def rows(kind: type[Row], told: Iterable[Mapping[str, Any]]) -> list[Row]:
    """As the selectors answer: dates are dates, money is Decimal, and what this side does not know is left out."""
    return _reader(kind).validate_python([{name: row[name] for name in kind._fields} for row in told])


@cache
def _reader(kind: type[Row]) -> TypeAdapter[list[Row]]:
    return TypeAdapter(list[kind])
