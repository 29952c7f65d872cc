import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from extracted.notifications import delivery, services
from extracted.notifications import events as views
from extracted.notifications.models import Email
from strangler.messaging import open_as, seal
from tests.unit.extracted import message_ids
from tests.unit.extracted.notifications.factories import (
    awaiting,
    cancelled,
    captured,
    dispatched,
    placed,
    refunded,
    rejected,
    returned,
)

pytestmark = pytest.mark.django_db


def notify(event=None, view=views.PaymentCaptured, template="payment_receipt", cause=None) -> Email:
    seen = open_as(seal(event or captured(), source="shop"), view)
    return services.notify(seen, template=template, cause=cause or str(uuid4()))


def test_the_message_id_is_the_one_the_monolith_would_give(settings):
    """The monolith's half is in ../test_message_id.py."""
    settings.DEFAULT_FROM_EMAIL = message_ids.FROM
    given = services.message_id(message_ids.CAUSE, message_ids.ADDRESS, message_ids.TEMPLATE)
    assert given == message_ids.MESSAGE_ID


def test_one_cause_is_one_email_however_often_it_is_told():
    cause = str(uuid4())
    assert notify(cause=cause) == notify(cause=cause) != notify()


@pytest.mark.parametrize(
    ("publish", "view", "template", "subject", "parts"),
    [
        (placed, views.OrderPlaced, "order_confirmation", "Your order S-1",
         ["2 x Mug (MUG) at 4.95 EUR", "Total: 36.68 EUR", "1 High St\nN1 London\nGB"]),
        (rejected, views.OrderRejected, "order_rejected", "Your order S-1 could not be placed",
         ["over 36.68 EUR", "Not enough in stock: MUG.", "2 x Mug (MUG)", "You pay nothing for it"]),
        (awaiting, views.OrderAwaitsPayment, "order_awaits_payment", "Your order S-1: awaiting payment",
         ["over 36.68 EUR are reserved", "We try again until 23 November 2026, 09:30 UTC"]),
        (captured, views.PaymentCaptured, "payment_receipt", "Payment received for order S-1",
         ["we received 36.68 EUR", "2026-11-23 09:30 UTC"]),
        (cancelled, views.OrderCancelled, "order_cancelled", "Your order S-1 is cancelled",
         ["over 36.68 EUR", "Reason: changed her mind"]),
        (refunded, views.PaymentRefunded, "refund", "Refund for order S-1",
         ["we refunded 4.00 EUR", "Refunded so far: 6.50 EUR"]),
        (dispatched, views.ShipmentDispatched, "shipment_dispatched", "Your order S-1 is on its way",
         ["with Paketo", "Tracking number: PA1", "2 x Mug (MUG)"]),
        (returned, views.ReturnReceived, "return_received", "We have your return for order S-1",
         ["your return R-1", "2 x Mug (MUG)", "We give you back 11.78 EUR"]),
    ],
)  # fmt: skip
def test_every_email_says_what_happened(publish, view, template, subject, parts):
    email = notify(publish(), view, template)
    assert email.subject == subject
    for part in ["Hello Ada & <Co>,", *parts]:
        assert part in email.body


def test_losing_the_database_while_sending_fails_nothing(monkeypatch, django_capture_on_commit_callbacks):
    def lose_the_database(_pk):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(delivery, "deliver_one", lose_the_database)
    with django_capture_on_commit_callbacks(execute=True):
        email = notify()
    assert Email.objects.get(pk=email.pk).status == "pending"


def test_what_is_left_over_is_delivered_by_the_command(mailoutbox, capsys):
    notify()
    call_command("deliver_emails")
    call_command("deliver_emails")
    assert len(mailoutbox) == 1
    assert capsys.readouterr().out == "sent 1, failed 0\n"


@pytest.mark.usefixtures("server_down")
def test_an_email_that_never_goes_out_ends_as_failed_and_stays_visible():
    email = notify()
    for _ in range(delivery.MAX_ATTEMPTS):
        Email.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert delivery.deliver_due() == (0, 1)
    email.refresh_from_db()
    assert (email.status, email.attempts) == ("failed", delivery.MAX_ATTEMPTS)
    assert "no mail server" in email.last_error
    assert delivery.deliver_due() == (0, 0)


def test_one_bad_email_does_not_stop_the_rest(mailoutbox):
    bad = notify()
    Email.objects.filter(pk=bad.pk).update(subject="two\nlines")
    notify()
    assert delivery.deliver_due() == (1, 1)
    assert len(mailoutbox) == 1


def test_sent_before_the_commit_means_sent_again_under_the_same_message_id(mailoutbox, monkeypatch):
    """The gap SMTP leaves: all that can be done is that both copies are recognisable as one."""
    email = notify()
    send = EmailMessage.send

    def send_and_die(message):
        send(message)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(EmailMessage, "send", send_and_die)
        with pytest.raises(KeyboardInterrupt):
            delivery.deliver_one(email.pk)
    assert delivery.deliver_one(email.pk)
    assert [sent.extra_headers["Message-ID"] for sent in mailoutbox] == [email.message_id] * 2


@pytest.mark.django_db(transaction=True)
def test_an_email_in_hand_elsewhere_is_left_alone(mailoutbox):
    with transaction.atomic():
        pk = notify().pk
        transaction.get_connection().run_on_commit.clear()
    outcome = []

    def deliver_elsewhere():
        outcome.append(delivery.deliver_one(pk))
        connection.close()

    with transaction.atomic():
        Email.objects.select_for_update().get(pk=pk)
        elsewhere = threading.Thread(target=deliver_elsewhere)
        elsewhere.start()
        elsewhere.join(timeout=10)
    assert (outcome, mailoutbox) == ([False], [])
    assert delivery.deliver_one(pk)


def test_an_interval_of_nothing_is_refused_by_name():
    with pytest.raises(CommandError, match="--interval must be more than 0"):
        call_command("deliver_emails", interval=0)
