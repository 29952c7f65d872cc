from datetime import UTC, datetime
from decimal import Decimal

import factory

from monolith.reporting.models import DailySales


class DailySalesFactory(factory.django.DjangoModelFactory):
    """A day as the signal writes it. For today's, place an order: the signal counts the real ones."""

    class Meta:
        model = DailySales
        django_get_or_create = ["day", "currency"]

    day = factory.LazyFunction(lambda: datetime.now(UTC).date())
    currency = "EUR"
    orders = 2
    revenue = Decimal("59.70")
