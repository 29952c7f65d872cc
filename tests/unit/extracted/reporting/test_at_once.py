"""Lanes and processes of one consumer write the same days and months at once."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from threading import Event

import pytest

from extracted.reporting import selectors, verifying
from extracted.reporting.handlers import GROUP
from strangler.inbox.handling import GroupHandling
from strangler.inbox.models import InboxMessage, ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from tests.support.at_once import at_once
from tests.unit.extracted.reporting.conftest import POLICY
from tests.unit.extracted.reporting.factories import (
    AT,
    cancelled,
    line,
    message,
    placed,
    refunded,
    registered,
    shipped,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("first_generation", "that_day")]

ORDERS, LANES, BATCH = 240, 6, 20


def story(number: int) -> list[object]:
    """Of one order: placed on one of three days by one of five customers; every third is taken back."""
    told = {"customer": number % 5, "at": AT - timedelta(days=number % 3)}
    events = [placed(f"S-{number}", line("MUG"), line(f"CUP-{number % 4}", 1, "1.01"), **told)]
    events += [cancelled(f"S-{number}", customer=number % 5)] if number % 3 == 0 else []
    events += [refunded(f"S-{number}", customer=number % 5)] if number % 3 == 1 else []
    return [*events, registered(number % 5), shipped(number, 1, sku=f"CUP-{number % 4}")]


def test_nothing_is_counted_twice_or_lost_and_nobody_waits_for_ever():
    dice = Random(7)
    messages = [message(event) for number in range(ORDERS) for event in story(number)]
    messages += dice.sample(messages, 100)
    dice.shuffle(messages)
    handling = GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=POLICY)

    def lane(own):
        for start in range(0, len(own), BATCH):
            handling.handle(own[start : start + BATCH])

    at_once([lambda own=messages[place::LANES]: lane(own) for place in range(LANES)])
    assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
    assert InboxMessage.objects.count() == len({each.id for each in messages})
    assert verifying.wrong_figures(1) == []
    days = selectors.sales_by_day(3)["EUR"]
    assert [day.orders for day in days] == [80, 80, 0]
    assert sum(day.revenue for day in days) == 80 * Decimal("10.91")


def test_figures_that_are_verified_while_events_come_are_of_one_moment():
    handling = GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=POLICY)
    ended = Event()

    def write():
        try:
            for number in range(60):
                handling.handle([message(event) for event in story(number)])
        finally:
            ended.set()

    def verify():
        found = []
        while not ended.is_set():
            found += verifying.wrong_figures(1)
        return found

    outcomes, _ = at_once([write, verify])
    assert [] in outcomes
    assert outcomes[1] == []
