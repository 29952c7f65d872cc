"""Payments of a customer within a window, by the time at which they were made: the second consumer group."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from extracted.payments.models import PaymentFlag, Sighting
from tests.unit.extracted.payments.books import published
from tests.unit.extracted.payments.factories import authorised, message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rules(settings):
    settings.FRAUD_WINDOW_SECONDS, settings.FRAUD_LATENESS_SECONDS = 600, 3600
    settings.FRAUD_MOST_PAYMENTS, settings.FRAUD_MOST_AMOUNT = 3, 500


def paid(number, minutes_ago, amount="10.00", **changes):
    return authorised(f"S-{number}", amount, authorised_at=timezone.now() - timedelta(minutes=minutes_ago), **changes)


def flagged():
    return sorted(PaymentFlag.objects.values_list("order_number", "rule", "count"))


def test_more_payments_than_the_rule_allows_are_flagged_and_told(watch):
    watch(*(paid(number, 5 - number) for number in range(5)))
    assert flagged() == [("S-3", "number", 4), ("S-4", "number", 5)]
    told = [data for _, data in published("payment_flagged")]
    assert [each["order_number"] for each in told] == ["S-3", "S-4"]
    first = {**told[0], "flagged_at": ""}
    assert first == {
        "order_number": "S-3",
        "customer_email": "ada@example.com",
        "rule": "number",
        "count": 4,
        "total": "40.00",
        "window_seconds": 600,
        "flagged_at": "",
    }


def test_more_money_than_the_rule_allows_is_flagged_for_each_currency(watch):
    watch(paid(1, 3, "300.00"), paid(2, 2, "300.00", currency="CHF"), paid(3, 1, "200.00"), paid(4, 0, "0.01"))
    assert ("S-3", "sum", 3) not in flagged(), "500 exactly are allowed"
    assert [row for row in flagged() if row[1] == "sum"] == [("S-4", "sum", 4)]


def test_the_window_slides(watch):
    watch(*(paid(number, 40 - 11 * number) for number in range(4)))
    assert flagged() == []
    watch(paid(7, 1), paid(8, 1), paid(9, 0))
    assert flagged() == [("S-9", "number", 4)]


def test_customers_do_not_share_a_window(watch):
    watch(*(paid(number, 1, customer_email=f"{number % 3}@example.com") for number in range(9)))
    assert flagged() == []


def test_the_order_in_which_payments_are_heard_of_makes_no_difference(watch):
    watch(paid(4, 1), paid(2, 3))
    watch(paid(3, 2))
    assert flagged() == []
    watch(paid(1, 4))
    assert flagged() == [("S-4", "number", 4)], "the late one counts in the window of a later payment"


def test_a_payment_counts_once_however_often_it_is_heard_of(watch):
    payments = [paid(number, number) for number in range(4)]
    watch(*payments, *(message(payment) for payment in payments))
    assert (len(flagged()), len(published("payment_flagged")), Sighting.objects.count()) == (1, 1, 4)


def test_payments_of_both_owners_are_watched_and_what_is_told_again_is_not(watch):
    watch(message(paid(1, 1), source="payments"), message(paid(2, 1), again=True))
    assert list(Sighting.objects.values_list("order_number", flat=True)) == ["S-1"]


def test_what_comes_later_than_the_lateness_is_not_counted_and_what_no_window_reaches_is_pruned(watch, capsys):
    watch(paid(1, 61), paid(2, 59))
    assert list(Sighting.objects.values_list("order_number", flat=True)) == ["S-2"]
    Sighting.objects.update(made_at=timezone.now() - timedelta(minutes=71))
    watch(paid(3, 0))
    call_command("prune_payments")
    assert "1 sightings" in capsys.readouterr().out
    assert list(Sighting.objects.values_list("order_number", flat=True)) == ["S-3"]


def test_a_hundred_payments_are_looked_at_in_a_few_statements(watch, django_assert_max_num_queries):
    messages = [message(paid(number, 1, customer_email=f"{number}@example.com")) for number in range(100)]
    with django_assert_max_num_queries(15):
        watch(*messages)
