"""Money is a Decimal of two places and an ISO 4217 currency beside it, in tables and in events alike."""

from decimal import Decimal
from typing import Annotated, Any

from django.core.validators import RegexValidator
from django.db import models
from pydantic import Field

ZERO = Decimal("0.00")

Amount = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def amount_field(**options: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=12, decimal_places=2, **options)


def currency_field(**options: Any) -> models.CharField:
    return models.CharField(max_length=3, validators=[RegexValidator(r"^[A-Z]{3}\Z")], **options)
