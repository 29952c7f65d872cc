"""Asks the inventory service, within the time that a page has."""

from functools import cache
from urllib.parse import urljoin

import httpx
from pydantic import TypeAdapter, ValidationError

from strangler.conf import ServiceSettings, settings
from strangler.errors import ConfigurationError, ServiceUnavailable

TIMEOUT = 1.0
"""Seconds; a page that waits longer is worse than one with the figure of a moment ago."""
MOST_SKUS = 500
"""Of one request: the service takes no more."""
_UNITS = TypeAdapter(dict[str, int])


def availability(skus: list[str]) -> dict[str, int]:
    """Units by SKU. Raises ServiceUnavailable, and ConfigurationError where nobody says where the service is."""
    some = (skus[start : start + MOST_SKUS] for start in range(0, len(skus), MOST_SKUS))
    return {sku: units for each in some for sku, units in _ask(each).items()}


def _ask(skus: list[str]) -> dict[str, int]:
    known = settings.services.get("inventory", ServiceSettings())
    if not known.url or not known.token:
        missing = "INVENTORY_TOKEN" if known.url else "INVENTORY_URL"
        raise ConfigurationError(f"Set the environment variable {missing}: inventory_reads is asked at its stage.")
    url = urljoin(f"{known.url.rstrip('/')}/", "../api/availability/")
    headers = {"Authorization": f"Bearer {known.token}"}
    try:
        answer = _client().get(url, params=[("sku", sku) for sku in skus], headers=headers)
    except httpx.HTTPError as error:
        raise ServiceUnavailable(f"inventory at {url} does not answer: {error or type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK:
        said = f"inventory at {url} answers {answer.status_code}: {answer.text[:300]}"
        raise ServiceUnavailable(said, status=answer.status_code)
    try:
        return _UNITS.validate_json(answer.content)
    except ValidationError as error:
        raise ServiceUnavailable(f"inventory at {url} answers what are no units by SKU: {answer.text[:300]}") from error


@cache
def _client() -> httpx.Client:
    """One for the process: threads may share it, and connections stay open."""
    return httpx.Client(timeout=TIMEOUT, follow_redirects=True)
