from datetime import UTC, datetime
from uuid import uuid4

import pytest

from monolith.notifications.services import TEMPLATES, notify
from monolith.shipping.events import Parcel, ReturnReceived, ShipmentDispatched

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ORDER = {"order_number": "S-1", "customer_name": "Ada & <Co>", "customer_email": "ada@example.com"}
MUGS = (Parcel(sku="MUG", name="Mug", quantity=2),)
DISPATCHED = ShipmentDispatched(
    **ORDER,
    shipment_number="P-1",
    warehouse="MAIN",
    lines=MUGS,
    carrier="Paketo",
    tracking_number="PA1",
    dispatched_at=AT,
)
RECEIVED = ReturnReceived(**ORDER, return_number="R-1", lines=MUGS, refunded="11.78", currency="EUR", received_at=AT)


@pytest.mark.parametrize(
    ("event", "subject", "parts"),
    [
        (DISPATCHED, "Your order S-1 is on its way", ["with Paketo", "Tracking number: PA1", "2 x Mug (MUG)"]),
        (
            RECEIVED,
            "We have your return for order S-1",
            ["return R-1", "2 x Mug (MUG)", "give you back 11.78 EUR"],
        ),
    ],
    ids=["shipment_dispatched", "return_received"],
)
def test_an_email_about_a_parcel_says_what_happened(event, subject, parts):
    email = notify(event, order_number="S-1", cause=uuid4())
    assert (email.template, email.address, email.order_number) == (TEMPLATES[type(event)], "ada@example.com", "S-1")
    assert email.subject == subject
    for part in ["Hello Ada & <Co>,", *parts]:
        assert part in email.body


@pytest.mark.usefixtures("extracted")
def test_what_the_service_does_the_monolith_leaves():
    assert notify(DISPATCHED, order_number="S-1", cause=uuid4()) is None
