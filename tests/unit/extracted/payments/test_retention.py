"""What is forgotten after a while, and what never is."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from extracted.payments.models import GatewayAttempt, GatewayCall, PaymentRequest, ShadowOutcome
from extracted.payments.retention import prune
from tests.unit.extracted.payments.books import stream
from tests.unit.extracted.payments.factories import authorised, requested

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)
LONG_AGO = timezone.now() - timedelta(days=31)


def test_what_was_answered_long_ago_goes_with_its_calls_and_what_is_in_hand_stays(handle, settle_calls, gateway):
    handle(requested("charge"), requested("authorise", "S-2"))
    settle_calls()
    gateway.turn(down=True)
    handle(requested("charge", "S-3"))
    settle_calls()
    PaymentRequest.objects.exclude(order_number="S-2").update(asked_at=LONG_AGO)
    PaymentRequest.objects.filter(order_number="S-1").update(answered_at=LONG_AGO)
    GatewayCall.objects.filter(order_number="S-1").update(settled_at=LONG_AGO)
    before = stream()
    assert prune(older_than=MONTH) == {"requests": 1, "calls": 2, "comparisons": 0}
    assert set(PaymentRequest.objects.values_list("order_number", flat=True)) == {"S-2", "S-3"}
    assert set(GatewayCall.objects.values_list("order_number", flat=True)) == {"S-2", "S-3"}
    assert not GatewayAttempt.objects.filter(call__order_number="S-1").exists()
    assert stream() == before


def test_a_refused_request_stays_while_what_it_had_begun_is_being_undone(handle, settle_calls, gateway):
    gateway.turn(hang_up=True)
    handle(requested("charge"))
    settle_calls()
    handle(requested("give_back"))
    PaymentRequest.objects.update(answered_at=LONG_AGO)
    prune(older_than=MONTH)
    assert list(PaymentRequest.objects.values_list("action", flat=True)) == ["charge"]


def test_old_comparisons_go_but_for_the_newest_in_bounded_batches(handle, capsys):
    handle(*(authorised(f"S-{number}") for number in range(7)))
    ShadowOutcome.objects.exclude(order_number="S-6").update(compared_at=LONG_AGO)
    assert prune(older_than=MONTH, newest=4, batch_size=2)["comparisons"] == 3
    assert ShadowOutcome.objects.count() == 4
    call_command("prune_payments", "--hours=1")
    assert capsys.readouterr().out == "deleted 0 requests, 0 calls, 0 comparisons, 0 sightings\n"
