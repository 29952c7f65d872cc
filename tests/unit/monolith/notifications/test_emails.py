import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from monolith.notifications import delivery
from monolith.notifications.factories import EmailFactory
from monolith.notifications.models import Email
from monolith.notifications.services import message_id
from monolith.orders.factories import CartFactory, OrderFactory

pytestmark = pytest.mark.django_db


class ServerDown(EmailBackend):
    def send_messages(self, _messages):
        raise ConnectionRefusedError("no mail server")


@pytest.fixture
def server_down(settings):
    settings.EMAIL_BACKEND = f"{__name__}.ServerDown"


def test_one_cause_is_one_email_however_often_it_is_told():
    cause = uuid4()
    first = EmailFactory(cause=cause)
    assert EmailFactory(cause=cause) == first
    assert Email.objects.count() == 1


def test_plain_text_is_not_escaped_as_html():
    assert "Hello Ada & <Co>," in EmailFactory(event__customer_name="Ada & <Co>").body


def test_the_message_id_depends_only_on_cause_address_and_template(settings):
    settings.DEFAULT_FROM_EMAIL = "The Shop <hello@shop.example>"
    first = message_id("c", "a@example.com", "refund")
    assert first == message_id("c", "a@example.com", "refund") != message_id("d", "a@example.com", "refund")
    assert first.endswith("@shop.example>")


@pytest.mark.usefixtures("server_down")
def test_a_mail_server_that_is_down_does_not_fail_the_order(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        OrderFactory()
    email = Email.objects.first()
    assert (email.status, email.attempts) == ("pending", 1)
    assert "no mail server" in email.last_error
    assert email.due_at > timezone.now()


def test_losing_the_database_while_sending_does_not_fail_the_order(monkeypatch, django_capture_on_commit_callbacks):
    def lose_the_database(_pk):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(delivery, "deliver_one", lose_the_database)
    with django_capture_on_commit_callbacks(execute=True):
        OrderFactory()
    assert set(Email.objects.values_list("status", flat=True)) == {"pending"}


def test_what_is_left_over_is_delivered_by_the_command(mailoutbox, capsys):
    OrderFactory(cart=CartFactory(items=1))
    call_command("deliver_emails")
    assert len(mailoutbox) == 2
    assert "sent 2, failed 0" in capsys.readouterr().out
    call_command("deliver_emails")
    assert len(mailoutbox) == 2


@pytest.mark.usefixtures("server_down")
def test_an_email_that_never_goes_out_ends_as_failed_and_stays_visible():
    email = EmailFactory()
    for _ in range(delivery.MAX_ATTEMPTS):
        Email.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        assert delivery.deliver_due() == (0, 1)
    email.refresh_from_db()
    assert (email.status, email.attempts) == ("failed", delivery.MAX_ATTEMPTS)
    assert delivery.deliver_due() == (0, 0)


def test_one_bad_email_does_not_stop_the_rest(mailoutbox):
    bad = EmailFactory()
    Email.objects.filter(pk=bad.pk).update(subject="two\nlines")
    EmailFactory()
    assert delivery.deliver_due() == (1, 1)
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
def test_an_email_in_hand_elsewhere_is_left_alone(mailoutbox):
    with transaction.atomic():
        pk = EmailFactory().pk
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
