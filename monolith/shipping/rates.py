"""What it costs to send a parcel, without tax: a table of zones. Pure: no database, no clock."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from monolith.errors import CannotShipThere
from monolith.money import ZERO, rounded

METHODS = ("standard", "express")
HOME = "DE"
EUROPEAN_UNION = {
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
}
EXPRESS_SURCHARGE = Decimal("10.00")
# The shop's own price list in other currencies follows the one in euro at a fixed rate, so prices don't jump daily.
PER_EURO: Mapping[str, Decimal] = {
    "EUR": Decimal(1),
    "CHF": Decimal(1),
    "GBP": Decimal("0.90"),
    "PLN": Decimal("4.50"),
    "USD": Decimal("1.10"),
}


class Zone(NamedTuple):
    """Prices in euro; `free_from` is what the goods must be worth after the discount."""

    standard: Decimal
    free_from: Decimal | None
    has_express: bool


GERMANY = Zone(Decimal("4.90"), free_from=Decimal(100), has_express=True)
REST_OF_THE_UNION = Zone(Decimal("9.90"), free_from=Decimal(200), has_express=True)
REST_OF_THE_WORLD = Zone(Decimal("24.90"), free_from=None, has_express=False)


def quote(country: str, method: str, subtotal_after_discount: Decimal, currency: str) -> Decimal:
    """The price of sending an order, without tax. Express is never free. Raises CannotShipThere."""
    zone = _zone(country)
    _check(country, method, currency)
    in_euro = zone.standard + EXPRESS_SURCHARGE if method == "express" else zone.standard
    rate = PER_EURO[currency]
    is_free = zone.free_from is not None and subtotal_after_discount >= zone.free_from * rate
    return ZERO if is_free and method == "standard" else rounded(in_euro * rate)


def methods_to(country: str) -> tuple[str, ...]:
    return METHODS if _zone(country).has_express else METHODS[:1]


def _zone(country: str) -> Zone:
    if country == HOME:
        return GERMANY
    return REST_OF_THE_UNION if country in EUROPEAN_UNION else REST_OF_THE_WORLD


def _check(country: str, method: str, currency: str) -> None:
    if method not in methods_to(country):
        possible = " or ".join(methods_to(country))
        raise CannotShipThere(f"There is no {method} shipping to {country}; choose {possible}.")
    if currency not in PER_EURO:
        raise CannotShipThere(f"There are no shipping prices in {currency}, only in {', '.join(PER_EURO)}.")
