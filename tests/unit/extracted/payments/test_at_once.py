"""Consumers, workers, the clock and moves at the same payments, on a real PostgreSQL."""

from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Flag

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from extracted.payments import books, deferring
from extracted.payments.gateway import Gateway
from extracted.payments.models import GatewayCall, PaymentFlag, PaymentRequest, PaymentView
from extracted.payments.worker import work
from strangler.inbox.models import ParkedMessage
from tests.support.at_once import at_once
from tests.unit.extracted.payments.books import answers, batons, check_books, published
from tests.unit.extracted.payments.conftest import handling
from tests.unit.extracted.payments.factories import authorised, handed_over, message, recalled, requested

pytestmark = pytest.mark.django_db(transaction=True)
PAYMENTS = 24


@pytest.fixture(autouse=True)
def _sound():
    yield
    assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
    check_books()


def test_whoever_works_at_the_same_time_each_request_has_one_answer_and_each_payment_one_end(gateway):
    """Some deadlines pass while the gateway is asked, and some payments are asked back."""
    numbers = [f"S-{number}" for number in range(PAYMENTS)]
    soon = timezone.now() + timedelta(seconds=0.3)
    asked = {n: requested("charge", n, answer_by=soon if place % 3 == 0 else None) for place, n in enumerate(numbers)}
    back = [message(recalled(number)) for number in numbers[::4]]
    gateway.turn(answer_after=0.02)

    def consume(mine):
        for number in mine:
            handling().handle([message(asked[number])])
        handling().handle([each for each in back if each.envelope.subject in mine])

    def call():
        with Gateway() as client:
            for _ in range(12):
                work(client, stop=Flag(), at_once=3)

    def watch_the_clock():
        return sum(deferring.refuse_overdue() for _ in range(15))

    at_once([lambda: consume(numbers[::2]), lambda: consume(numbers[1::2]), call, call, watch_the_clock])
    while GatewayCall.objects.filter(status="due").exists():
        GatewayCall.objects.filter(status="due").update(due_at=timezone.now())
        call()
    assert not PaymentRequest.objects.filter(answered_at=None).exists()
    said = Counter(data["request"] for _, data in published("payment_request_done", "payment_request_refused"))
    assert set(said.values()) == {1}
    assert len(said) == PAYMENTS
    done = answers().count("done")
    assert PaymentView.objects.filter(status="captured").count() == done
    assert not PaymentView.objects.exclude(status__in=["captured", "voided", "refunded", ""]).exists()
    assert sorted(number for number, (owner, _) in batons().items() if owner == "monolith") == sorted(numbers[::4])


@contextmanager
def held(order_number):
    """By somebody who is about to decide something."""
    known = ("host", "port", "dbname", "user", "password")
    parameters = {name: value for name, value in connection.get_connection_params().items() if name in known}
    with psycopg.connect(**parameters) as other:
        baton = "SELECT FROM payments_ownership WHERE order_number = %s FOR NO KEY UPDATE"
        assert other.execute(baton, [order_number]).rowcount == 1
        yield
        other.rollback()


def test_while_somebody_decides_about_a_payment_nobody_else_does():
    """Whoever wants to has to wait; who only tells that it takes longer leaves it for another time."""
    handling().handle([message(handed_over("S-1")), message(requested("capture"))])
    with held("S-1"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20ms'")
        with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
            books.opened(["S-1"])
        assert deferring.defer(["S-1"]) == 0
    with transaction.atomic():
        assert deferring.defer(["S-1"]) == 1


def test_payments_of_one_customer_that_are_seen_at_the_same_time_count_for_each_other(settings):
    settings.FRAUD_WINDOW_SECONDS, settings.FRAUD_MOST_PAYMENTS = 600, 3
    now = timezone.now()
    paid = [authorised(f"S-{n}", "10.00", authorised_at=now - timedelta(seconds=60 - n)) for n in range(8)]
    at_once([lambda payment=payment: handling("fraud").handle([message(payment)]) for payment in paid])
    flags = PaymentFlag.objects.filter(rule="number").values_list("order_number", flat=True)
    assert sorted(flags) == ["S-3", "S-4", "S-5", "S-6", "S-7"]
    assert len(published("payment_flagged")) == 5
