"""Money is a Decimal of two places and an ISO 4217 currency beside it, in tables and in events alike."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from django.core.validators import RegexValidator
from django.db import models
from pydantic import Field

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def amount_field(**options: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=12, decimal_places=2, **options)


def currency_field() -> models.CharField:
    return models.CharField(max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}\Z")])


def rounded(amount: Decimal) -> Decimal:
    """To the cent, halves away from zero: what tax offices and customers expect."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def allocate(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Splits `amount` in proportion to `weights`, to the cent; the parts always add up to `amount` (largest remainder).

    Where all weights are zero the first part takes everything. Source: Fowler, Patterns of Enterprise Application
    Architecture, "Money".
    """
    total = sum(weights, Decimal(0))
    if not total:
        return [amount, *[ZERO] * (len(weights) - 1)] if weights else []
    exact = [amount * weight / total for weight in weights]
    parts = [part.quantize(CENT, "ROUND_FLOOR") for part in exact]
    cents_left = int((amount - sum(parts)) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[:cents_left]:
        parts[i] += CENT
    return parts
