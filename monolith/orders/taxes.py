"""Value added tax by the country goods go to. An example's table: a real shop asks a service that follows the law."""

from decimal import Decimal

STANDARD, REDUCED = "standard", "reduced"

# Per cent, as of 2026.
RATES: dict[str, dict[str, Decimal]] = {
    "AT": {STANDARD: Decimal("20.00"), REDUCED: Decimal("10.00")},
    "DE": {STANDARD: Decimal("19.00"), REDUCED: Decimal("7.00")},
    "ES": {STANDARD: Decimal("21.00"), REDUCED: Decimal("10.00")},
    "FR": {STANDARD: Decimal("20.00"), REDUCED: Decimal("5.50")},
    "IT": {STANDARD: Decimal("22.00"), REDUCED: Decimal("10.00")},
    "NL": {STANDARD: Decimal("21.00"), REDUCED: Decimal("9.00")},
    "PL": {STANDARD: Decimal("23.00"), REDUCED: Decimal("8.00")},
}


def tax_rate(country: str, tax_class: str) -> Decimal:
    """Per cent. Nothing for a country that isn't listed: goods that leave are taxed where they arrive."""
    return RATES[country][tax_class] if country in RATES else Decimal("0.00")
