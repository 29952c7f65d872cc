"""What waits, behind a call of the gateway or for its baton: begun in its turn, called off, or refused as late."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from extracted.payments.models import PaymentRequest
from tests.unit.extracted.payments.books import answers, facts, published, status
from tests.unit.extracted.payments.factories import handed_over, requested

pytestmark = pytest.mark.django_db


@pytest.fixture
def silent(handle, settle_calls, gateway):
    """100.00 are set aside, and the gateway does what it is asked without an answer."""
    handle(requested("authorise"))
    settle_calls()
    gateway.turn(hang_up=True)
    return gateway


def refusals():
    return [data["reason"] for _, data in published("payment_request_refused")]


def their_time_is_up(**which):
    PaymentRequest.objects.filter(**which).update(answer_by=timezone.now() - timedelta(seconds=1))


def test_what_is_queued_before_a_give_back_is_called_off_at_once_and_the_gateway_never_asked(
    handle, settle_calls, silent
):
    """To give back, the end of the call in hand has to be known; to say no it has not."""
    handle(requested("capture", amount="10.00"))
    settle_calls()
    handle(requested("capture", amount="20.00"), requested("give_back"), requested("capture", amount="30.00"))
    assert ["called off" in reason for reason in refusals()] == [True, True]
    silent.turn(hang_up=False)
    settle_calls()
    assert len(refusals()) == 3
    assert "at most 0.00 EUR" in refusals()[-1]
    assert [(each["kind"], each["amount"]) for each in silent.moved()] == [
        ("authorise", "100.00"),
        ("capture", "10.00"),
        ("refund", "10.00"),
        ("void", "90.00"),
    ]
    assert status() == "refunded"


def test_the_time_of_one_request_is_not_up_because_that_of_another_is(handle, settle_calls, silent):
    later = timezone.now() + timedelta(hours=1)
    handle(*(requested("capture", amount=amount, answer_by=later) for amount in ("10.00", "20.00", "30.00")))
    their_time_is_up(amount="20.00")
    silent.turn(down=True)
    settle_calls()
    assert len(refusals()) == 1
    silent.turn(down=False, hang_up=False)
    settle_calls()
    assert facts()[1:] == [("captured", "10.00"), ("captured", "30.00")]


def test_what_waits_for_a_later_baton_is_not_begun_by_an_earlier_one(handle):
    handle(requested("refund", amount="10.00", epoch=3))
    handle(handed_over("S-1", ("100.00", "50.00", "0.00"), "partially_captured", epoch=1))
    assert PaymentRequest.objects.get().status == "waiting"
    handle(handed_over("S-1", ("100.00", "100.00", "0.00"), "captured", epoch=3))
    assert PaymentRequest.objects.get().status == "open"
    assert answers() == []


def test_the_worker_tells_how_many_requests_it_has_refused_as_late(handle, gateway):
    handle(requested("charge"), requested("charge", "S-2"))
    their_time_is_up()
    out = StringIO()
    call_command("settle_calls", stdout=out)
    assert out.getvalue() == "calls made 0, requests refused as late 2\n"
    assert answers() == ["refused", "refused"]
