"""Payments go where the stage wants them, in both directions, and nothing is done out of order meanwhile."""

import signal
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monolith.payments import settling
from monolith.payments.factories import PaymentFactory
from monolith.payments.gates import looked_after, settled
from monolith.payments.management.commands import settle_payments
from monolith.payments.models import Ownership, Payment, PaymentRequest
from monolith.payments.ownership import hand_over, recall
from monolith.payments.services import capture, capture_up_to, give_back, refund_up_to
from monolith.payments.settling import settle, still_away
from strangler.conf import Stage
from strangler.cutover.gates.gate import own_gates

pytestmark = pytest.mark.django_db


@pytest.fixture
def payments():
    return sorted(PaymentFactory(captured=False).order_number for _ in range(6))


def with_the_service():
    return sorted(Ownership.objects.filter(owner="service").values_list("order_number", flat=True))


def command(*arguments):
    out = StringIO()
    call_command("settle_payments", *arguments, stdout=out)
    return out.getvalue()


def test_all_go_out_and_all_come_back(payments, line, stage):
    assert command() == ""
    stage("extracted")
    assert command() == "6 handed over\n"
    assert with_the_service() == payments
    line.deliver_all()
    assert line.service.owned == set(payments)
    stage("shadow")
    assert command() == "6 asked back\n6 still with the service: it hands them over when it has heard of it\n"
    line.deliver_all()
    assert (with_the_service(), line.service.owned) == ([], set())
    assert set(Ownership.objects.values_list("epoch", flat=True)) == {2}


def test_a_canary_takes_its_share_and_a_growing_one_keeps_it(payments, stage):
    shares = []
    for percent in (0, 40, 80, 100):
        stage({"stage": "canary", "percent": percent})
        settle()
        shares.append(set(with_the_service()))
    assert shares[0] == set() <= shares[1] <= shares[2] <= shares[3] == set(payments)


def test_what_came_back_may_go_again(payments, line, stage):
    for epoch in (1, 3, 5):
        stage("extracted")
        settle()
        line.deliver_all()
        assert set(Ownership.objects.values_list("epoch", flat=True)) == {epoch}
        stage("monolith")
        settle()
        line.deliver_all()
    assert not line.service.owned


def test_a_payment_is_asked_back_again_only_after_a_while(payments, line, stage):
    stage("extracted")
    settle()
    stage("monolith")
    assert settle().recalled == 6
    assert settle().recalled == 0
    Ownership.objects.update(recalled_at=timezone.now() - timedelta(minutes=1))
    assert settle().recalled == 6
    line.deliver_all()
    assert still_away() == 0


def test_what_is_unanswered_keeps_a_payment_here(payments, line, stage):
    """A redirected one has to be done first, by this side."""
    number = payments[0]
    hand_over([number])
    line.deliver_all()
    recall([number])
    capture(number, Decimal("30.00"))
    for place in line.waiting():
        line.deliver(place, most=9) if place[0] == "service" else None
    [answers] = line.waiting()
    while Ownership.objects.get(order_number=number).owner == "service":
        line.deliver(answers)
    assert hand_over([number]) == []
    give_back(number)
    assert list(PaymentRequest.objects.order_by("pk").values_list("status", flat=True)) == ["open", "waiting"]
    line.deliver_all()
    payment = Payment.objects.get(order_number=number)
    assert (payment.captured, payment.refunded, payment.status) == (30, 30, "refunded")
    assert set(PaymentRequest.objects.values_list("status", flat=True)) == {"done"}
    assert hand_over([number]) == [number]


def test_many_are_handed_over_in_few_statements(payments):
    with CaptureQueriesContext(connection) as queries:
        assert len(hand_over(payments)) == 6
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 6


def test_at_the_stage_monolith_a_payment_costs_one_query_more_than_its_own_work(payments):
    with CaptureQueriesContext(connection) as queries, TestCase.captureOnCommitCallbacks():
        capture(payments[0])
    asked = [query["sql"] for query in queries if "payments_ownership" in query["sql"]]
    assert len(asked) == 1
    assert not [query for query in queries if 'INTO "payments_paymentrequest' in query["sql"]]


@pytest.mark.parametrize("theirs", [False, True])
@pytest.mark.parametrize("use", [capture_up_to, refund_up_to])
def test_taking_what_there_is_locks_the_payment_once_and_then_reads_its_owner_once(use, theirs):
    number = PaymentFactory(captured=use is refund_up_to).order_number
    hand_over([number] if theirs else [])
    with CaptureQueriesContext(connection) as queries, TestCase.captureOnCommitCallbacks():
        use(number, Decimal("30.00"))
    asked = [query["sql"] for query in queries]
    locks = [place for place, sql in enumerate(asked) if 'FROM "payments_payment"' in sql and "FOR UPDATE" in sql]
    reads = [place for place, sql in enumerate(asked) if "payments_ownership" in sql]
    assert (len(locks), len(reads)) == (1, 1)
    assert locks < reads
    assert sum('INTO "payments_paymentrequest"' in sql for sql in asked) == theirs


def test_what_the_service_was_asked_for_is_not_taken_or_given_back_again(stage, line):
    number = PaymentFactory(captured=False).order_number
    hand_over([number])
    assert [capture_up_to(number, Decimal("80.00")), capture_up_to(number, Decimal("50.00"))] == [80, 20]
    assert [refund_up_to(number, Decimal("70.00")).amount for _ in range(2)] == [70, 30]
    line.deliver_all()
    payment = Payment.objects.get(order_number=number)
    assert (payment.captured, payment.refunded) == (100, 100)


def test_payments_of_this_side_are_looked_at_when_something_may_be_left(payments, stage, settings, monkeypatch):
    """First, with another stage, after a round in which somebody was in the way, and after an outage."""
    settings.STRANGLER = {**settings.STRANGLER, "RELAY_BACKOFF_MAX": 0.001}
    looked = []

    def look(*, everything, **options):
        looked.append(everything)
        done = settle(everything=everything, **options)
        if len(looked) == 2:
            stage("canary:50")
        if len(looked) == 3:
            done.busy += 1
        if len(looked) == 5:
            raise OperationalError("away")
        if len(looked) == 7:
            signal.raise_signal(signal.SIGTERM)
        return done

    monkeypatch.setattr(settling, "settle", look)
    command("--follow", "--interval", "0.001")
    assert looked == [True, False, True, True, False, True, False]


def test_payments_of_this_side_are_looked_at_again_after_a_while(payments, stage, monkeypatch):
    monkeypatch.setattr(settle_payments, "EVERYTHING_AGAIN", 0)
    rounds = []

    def look(*, everything, **options):
        rounds.append(everything)
        if len(rounds) == 2:
            signal.raise_signal(signal.SIGTERM)
        return settle(everything=everything, **options)

    monkeypatch.setattr(settling, "settle", look)
    command("--follow", "--interval", "0.001")
    assert rounds == [True, True]


# The gate.


def test_payments_that_have_not_moved_yet_are_counted_in_either_direction(payments, stage):
    assert settled().passed
    stage("extracted")
    assert settled().figure.startswith("6 payments are not where the stage wants them")
    hand_over(payments[:2])
    assert settled().figure.startswith("4 payments")
    hand_over(payments)
    assert settled().passed
    stage("shadow")
    assert settled().figure.startswith("6 payments")


def test_a_request_may_be_under_way_but_not_for_a_minute_unless_the_bank_is_away(payments, stage):
    stage("extracted")
    hand_over(payments)
    capture(payments[0])
    assert settled().passed
    PaymentRequest.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert settled().fails
    assert "1 requests without an answer" in settled().figure
    PaymentRequest.objects.update(deferred_until=timezone.now() + timedelta(minutes=2))
    assert settled().passed


def test_they_stand_before_the_stages_that_build_on_them():
    own = {each.ask.name: each.before for each in own_gates if each.context == "payments"}
    assert own == {
        "saga worker": (Stage.CANARY, Stage.EXTRACTED),
        "settled": (Stage.CANARY, Stage.EXTRACTED, Stage.RETIRED),
    }


def test_somebody_has_to_see_to_orders_that_wait():
    assert (looked_after().fails, looked_after().figure) == (True, "0 run")
    assert "start `manage.py saga work`" in looked_after().remedy
