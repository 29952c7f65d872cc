"""What the services have to have learned is declared, and tells what its telling.py tells."""

import pytest

from monolith.catalog.factories import VariantFactory
from monolith.customers.factories import CustomerFactory
from monolith.inventory.factories import StockItemFactory
from monolith.orders.factories import OrderFactory
from monolith.shipping.factories import ReturnFactory
from monolith.shipping.models import Return
from strangler.conf import settings
from strangler.cutover.backfilling import backfills

NEEDED = sorted({name for service in settings.services.values() for name in service.backfills})


@pytest.mark.parametrize("name", NEEDED)
def test_what_a_service_needs_is_declared_by_its_owner(name):
    context = name.partition(".")[0]
    assert backfills[name].module == f"monolith.{context}.backfill"


@pytest.mark.django_db
@pytest.mark.parametrize("name", NEEDED)
def test_its_rows_are_told_in_events_of_the_context(name):
    VariantFactory()
    CustomerFactory()
    StockItemFactory()
    OrderFactory()
    ReturnFactory(status=Return.Status.RECEIVED)
    told = backfills[name]
    events = list(told(list(told.rows().order_by("pk"))))
    assert events
    assert {event.owner for event in events} == {told.context}
