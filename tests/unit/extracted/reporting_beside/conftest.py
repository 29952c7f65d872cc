import pytest

from extracted.reporting.models import Generation, Serving
from tests.unit.extracted.reporting_beside.shop import Shop


@pytest.fixture
def shop(db):
    opened = Shop()
    yield opened
    opened.close()


@pytest.fixture
def first_generation(transactional_db):
    """What the migration leaves, which a flush of the tables before has taken away."""
    Generation.objects.get_or_create(number=1)
    Serving.objects.get_or_create(id=1, defaults={"generation": 1})
