"""Promotion codes: two that always work, and one for each season of the history."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from monolith.orders.models import Promotion
from monolith.seeding.history import History

SEASONS = (
    ("SPRING", (4, 1), (4, 15), Promotion.Kind.PERCENT, "10", "0"),
    ("SUMMER", (7, 1), (7, 22), Promotion.Kind.PERCENT, "15", "0"),
    ("BLACK", (11, 20), (11, 30), Promotion.Kind.PERCENT, "20", "40"),
    ("XMAS", (12, 1), (12, 19), Promotion.Kind.AMOUNT, "7.50", "60"),
)


def add_promotions(history: History) -> None:
    Promotion.objects.bulk_create(_promotions(history), ignore_conflicts=True)


def promotions(history: History) -> list[Promotion]:
    codes = [promotion.code for promotion in _promotions(history)]
    return list(Promotion.objects.filter(code__in=codes).order_by("code"))


def _promotions(history: History) -> Iterator[Promotion]:
    always, percent, amount = history.opening, Promotion.Kind.PERCENT, Promotion.Kind.AMOUNT
    yield Promotion(code="WELCOME10", kind=percent, value=Decimal(10), valid_from=always)
    yield Promotion(code="MINUS20", kind=amount, value=Decimal(20), minimum=Decimal(150), valid_from=always)
    yield Promotion(code="FIRST100", kind=percent, value=Decimal(25), valid_from=always, max_redemptions=100)
    for year in range(history.begin.year, history.until.year + 1):
        for name, begin, end, kind, value, minimum in SEASONS:
            valid_from, valid_until = (datetime(year, *day, tzinfo=UTC) for day in (begin, end))
            if history.begin <= valid_from < history.until:
                yield Promotion(
                    code=f"{name}{year % 100:02d}",
                    kind=kind,
                    value=Decimal(value),
                    minimum=Decimal(minimum),
                    valid_from=valid_from,
                    valid_until=valid_until,
                )
