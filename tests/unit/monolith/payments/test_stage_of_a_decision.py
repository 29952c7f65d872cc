"""Whose a payment is, is decided by one stage: the one that the transaction's events are stamped with."""

from decimal import Decimal
from threading import Thread

import pytest
from django.db import connections

from monolith.payments import gateway, settling
from monolith.payments.factories import PaymentFactory
from monolith.payments.models import Ownership, Payment
from monolith.payments.services import charge
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import database_stages

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMER = {"card_token": "tok_visa", "customer_email": "ada@example.com", "customer_name": "Ada"}


@pytest.fixture(autouse=True)
def _stages_from_the_database(settings):
    settings.STRANGLER = {**settings.STRANGLER, "STAGE_SOURCE": "database", "STAGE_MAX_AGE": 0}
    yield
    database_stages.forget()


def move_to(stage):
    """Committed by somebody else, at once."""

    def decide():
        decided = {"source": "database", "decided_by": "a test", "context": "payments", "from_stage": "monolith"}
        StageChange.objects.create(**decided, to_stage=stage)
        connections.close_all()

    thread = Thread(target=decide)
    thread.start()
    thread.join(60)


def then(call, stage):
    """`call`, just before which the stage moves."""

    def moved(*arguments, **named):
        move_to(stage)
        return call(*arguments, **named)

    return moved


def stamp_of(published, kind):
    [stamp] = [message.get("stages", "") for message in published() if kind in message["type"]]
    return stamp


def pay(number):
    return charge(number, amount=Decimal("25.00"), currency="EUR", **CUSTOMER)


def test_a_payment_that_is_begun_here_is_made_here_although_the_stage_moves_meanwhile(monkeypatch, published):
    move_to("monolith")
    monkeypatch.setattr(gateway, "authorise", then(gateway.authorise, "extracted"))
    pay("S-1")
    assert Payment.objects.get().status == "captured"
    assert "payments=extracted" not in stamp_of(published, "payment_captured")
    pay("S-2")
    assert Ownership.objects.get().order_number == "S-2"


def test_what_is_handed_over_goes_by_the_stage_that_wanted_it(monkeypatch, published):
    PaymentFactory(captured=False)
    move_to("extracted")
    monkeypatch.setattr(settling, "hand_over", then(settling.hand_over, "monolith"))
    assert settling.settle().handed_over == 1
    assert "payments=extracted" in stamp_of(published, "payment_handed_over")
