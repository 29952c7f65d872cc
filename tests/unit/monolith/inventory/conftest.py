from collections.abc import Callable

import pytest

from monolith.inventory.models import StockItem
from tests.unit.monolith.inventory.books import check_books
from tests.unit.monolith.inventory.other_side import Line


@pytest.fixture(autouse=True)
def _the_books_balance(db):
    """After every test of this folder."""
    yield
    check_books()


@pytest.fixture
def levels() -> Callable[[], dict[tuple[str, str], tuple[int, int]]]:
    """`(sku, warehouse): (on_hand, reserved)` as in the table."""

    def read() -> dict[tuple[str, str], tuple[int, int]]:
        rows = StockItem.objects.values_list("sku", "warehouse__code", "on_hand", "reserved")
        return {(sku, warehouse): (on_hand, reserved) for sku, warehouse, on_hand, reserved in rows}

    return read


@pytest.fixture
def line(db) -> Line:
    """To a model of the service."""
    return Line()


@pytest.fixture
def stage(settings) -> Callable[[str], None]:
    """Of inventory, from now on."""

    def become(stage: str) -> None:
        settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"inventory": stage}}

    return become
