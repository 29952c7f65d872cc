"""Asks the inventory service, within the time that a page has."""

from pydantic import TypeAdapter, ValidationError

from strangler.cutover.service.client import shared_client
from strangler.errors import ServiceUnavailable

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
    told = shared_client("inventory", path="../api/", timeout=TIMEOUT).get("availability/", {"sku": skus})
    try:
        return _UNITS.validate_python(told, strict=True)
    except ValidationError as error:
        raise ServiceUnavailable(f"inventory answers what are no units by SKU: {str(told)[:300]}") from error
