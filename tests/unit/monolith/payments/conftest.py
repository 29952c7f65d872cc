from collections.abc import Callable

import pytest
from django.db import connection

from tests.unit.monolith.payments.books import check_books
from tests.unit.monolith.payments.other_side import Line


@pytest.fixture(autouse=True)
def _the_books_balance(db):
    """After every test of this folder."""
    yield
    if not connection.needs_rollback:  # where the database has refused something it answers no more
        check_books()


@pytest.fixture
def line(db) -> Line:
    """To a model of the service."""
    return Line()


@pytest.fixture
def stage(settings) -> Callable[[str], None]:
    """Of payments, from now on."""

    def become(stage: str) -> None:
        settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"payments": stage}}

    return become
