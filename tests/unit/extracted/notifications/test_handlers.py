import pytest
from django.core import mail

from extracted.notifications.models import Email
from strangler.inbox.models import InboxMessage, ParkedMessage
from tests.unit.extracted.notifications.factories import (
    cancelled,
    captured,
    delivered,
    dispatched,
    message,
    placed,
    refunded,
    rejected,
    returned,
)

pytestmark = pytest.mark.django_db


def templates() -> list[str]:
    return list(Email.objects.order_by("id").values_list("template", flat=True))


def test_each_event_becomes_its_email(handle):
    handle(*(message(event()) for event in (placed, captured, dispatched, returned, refunded, cancelled, rejected)))
    assert templates() == [
        *("order_confirmation", "payment_receipt", "shipment_dispatched", "return_received"),
        *("refund", "order_cancelled", "order_rejected"),
    ]
    assert [sent.to for sent in mail.outbox] == [["ada@example.com"]] * 7
    assert set(Email.objects.values_list("status", "attempts", "order_number")) == {("sent", 1, "S-1")}


@pytest.mark.parametrize(
    "stages",
    [
        None,
        "notifications=emitting",
        "notifications=shadow",
        "inventory=extracted",
        "notifications=canary:0",
    ],
)
def test_what_the_monolith_kept_is_noted_and_left_alone(handle, stages):
    handle(message(placed(), stages=stages))
    assert templates() == []
    assert InboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    "stages",
    [
        "notifications=extracted",
        "inventory=shadow,notifications=extracted",
        "notifications=retired",
        "notifications=canary:100",
    ],
)
def test_what_the_monolith_left_to_the_service_is_done(handle, stages):
    handle(message(placed(), stages=stages))
    assert templates() == ["order_confirmation"]


def test_the_message_decides_whatever_setting_this_process_has(handle, settings):
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"notifications": "monolith"}}
    handle(message(placed()))
    assert templates() == ["order_confirmation"]
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"notifications": "extracted"}}
    handle(message(captured(), stages=None))
    assert templates() == ["order_confirmation"]


def test_a_canary_decides_by_order_so_that_all_emails_of_one_come_from_one_side(handle):
    for number in range(40):
        order = {"order_number": f"S-{number}"}
        handle(*(message(event(**order), stages="notifications=canary:50") for event in (placed, captured)))
    per_order = [Email.objects.filter(order_number=f"S-{number}").count() for number in range(40)]
    assert set(per_order) == {0, 2}


def test_a_message_delivered_again_sends_nothing_again(handle):
    first = message(placed())
    handle(first)
    handle(first)
    handle(delivered(first.text, redelivered=True))
    assert len(mail.outbox) == 1


def test_a_message_replayed_after_the_inbox_was_pruned_sends_nothing_again(handle):
    first = message(placed())
    handle(first)
    InboxMessage.objects.all().delete()
    handle(first)
    assert InboxMessage.objects.count() == 1
    assert len(mail.outbox) == Email.objects.count() == 1


@pytest.mark.usefixtures("server_down")
def test_a_mail_server_that_is_down_fails_no_message(handle):
    handle(message(placed()), message(captured()))
    assert InboxMessage.objects.count() == 2
    assert not ParkedMessage.objects.exists()
    assert set(Email.objects.values_list("status", "attempts")) == {("pending", 1)}


def test_an_email_too_long_for_its_row_parks_its_message_alone(handle):
    handle(message(placed(customer_email=f"{'a' * 250}@example.com")), message(placed(order_number="S-2")))
    assert [parked.key for parked in ParkedMessage.objects.all()] == ["orders.order:S-1"]
    assert [sent.subject for sent in mail.outbox] == ["Your order S-2"]
