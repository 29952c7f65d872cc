"""Workers and the gateway are killed, connections cut: each payment is made exactly once, by the gateway's books."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from django.db import connection
from django.db.models.functions import Now

from devstack.gateway.running import running
from extracted.payments.models import GatewayAttempt, GatewayCall, PaymentRequest, PaymentView
from tests.support.waiting import until
from tests.unit.extracted.payments.books import check_books, published
from tests.unit.extracted.payments.conftest import handling
from tests.unit.extracted.payments.factories import message, requested

ROOT = Path(__file__).parents[4]
PAYMENTS = 24
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def worker(gateway_url, *, patience=1):
    """It waits for `patience` seconds for an answer."""
    told = connection.settings_dict
    host, port = told["HOST"], told["PORT"]
    url = f"postgresql://{told['USER']}:{told['PASSWORD']}@{host}:{port}/{told['NAME']}"
    environment = {"DATABASE_URL": url, "GATEWAY_URL": gateway_url, "SECRET_KEY": "x" * 60}
    environment["GATEWAY_TIMEOUT"] = str(patience)
    command = [sys.executable, "-m", "extracted.payments", "settle_calls", "--follow", "--at-once", "4"]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)


def leases_are_over():
    """Seconds pass."""
    GatewayCall.objects.filter(status="due").update(due_at=Now())


@pytest.mark.django_db(transaction=True)
def test_killing_workers_and_the_gateway_makes_each_payment_exactly_once(tmp_path):
    dice, journal = Random(os.environ.get("CRASH_SEED", "8")), tmp_path / "journal.jsonl"
    asked = [message(requested("charge", f"S-{number}")) for number in range(PAYMENTS)]
    with running(journal=journal) as gateway:
        gateway.turn(answer_after=0.05)
        port = int(gateway.url.rstrip("/").rpartition(":")[2])
        workers = [worker(gateway.url) for _ in range(2)]
        handling().handle(asked)
        for goal in (4, 12):
            until(lambda goal=goal: GatewayAttempt.objects.count() >= goal, f"{goal} attempts")
            victim = dice.randrange(2)
            workers[victim].send_signal(signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = worker(gateway.url)
            leases_are_over()
        with connection.cursor() as cursor:
            cursor.execute(CUT)
        gateway.process.kill()
        gateway.process.wait()
    try:
        with running(port=port, journal=journal) as gateway:
            until(_all_answered, "every answer")
            moved = Counter((each["authorisation"], each["kind"], each["amount"]) for each in gateway.moved())
    finally:
        for each in workers:
            each.kill()
            each.wait()
    assert set(moved.values()) == {1}
    assert len(moved) == 2 * PAYMENTS
    assert PaymentView.objects.filter(status="captured", captured=100).count() == PAYMENTS
    assert len(published("payment_request_done")) == PAYMENTS
    check_books()


def _all_answered():
    leases_are_over()
    return not PaymentRequest.objects.filter(answered_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_asked_to_stop_ends_what_it_has_in_hand(gateway):
    handling().handle([message(requested("authorise"))])
    gateway.turn(answer_after=0.5)
    process = worker(gateway.url, patience=30)
    until(GatewayAttempt.objects.exists, "an attempt")
    process.terminate()
    assert process.wait(timeout=30) == 0
    assert PaymentView.objects.get().status == "authorised"
