"""Asks the reporting service, within the time that a page has."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urljoin

import httpx
from pydantic import TypeAdapter

from strangler.conf import ServiceSettings, settings
from strangler.errors import ConfigurationError, ServiceUnavailable

TIMEOUT = 3.0
"""Seconds; a figure that takes longer is no better than the join that it stands for."""

Row = TypeVar("Row")


def ask(figure: str, **parameters: Any) -> Any:
    """The answer's JSON. Raises ServiceUnavailable, and ConfigurationError where nobody says where the service is."""
    known = settings.services.get("reporting", ServiceSettings())
    if not known.url or not known.token:
        missing = "REPORTING_TOKEN" if known.url else "REPORTING_URL"
        raise ConfigurationError(f"Set the environment variable {missing}: reporting is asked at its present stage.")
    url = urljoin(f"{known.url.rstrip('/')}/", f"../api/{figure}/")
    try:
        answer = _client().get(url, params=parameters, headers={"Authorization": f"Bearer {known.token}"})
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"reporting at {url} does not answer: {error or type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        raise ServiceUnavailable(f"reporting at {url} answers {answer.status_code}: {answer.text[:300]}")
    return answer.json()


def rows(kind: type[Row], told: Iterable[Mapping[str, Any]]) -> list[Row]:
    """As the selectors answer: dates are dates, money is Decimal, and what this side does not know is left out."""
    return _reader(kind).validate_python([{name: row[name] for name in kind._fields} for row in told])


@cache
def _client() -> httpx.Client:
    """One for the process: threads may share it, and connections stay open."""
    return httpx.Client(timeout=TIMEOUT)


@cache
def _reader(kind: type[Row]) -> TypeAdapter[list[Row]]:
    return TypeAdapter(list[kind])
