"""From events to answers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
import time_machine

from extracted.reporting import selectors, verifying
from extracted.reporting.models import CohortMonth, OrderFact, SalesDay
from strangler.inbox.models import InboxMessage, ParkedMessage
from tests.unit.extracted.reporting.factories import (
    AT,
    adjusted,
    cancelled,
    changed,
    delivered,
    dispatched,
    line,
    message,
    placed,
    published,
    received,
    refunded,
    registered,
    renamed,
    returned,
    sent_back,
    shipped,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_day")]

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 5, tzinfo=UTC) for month in (1, 2, 3))


@pytest.fixture(autouse=True)
def _what_is_kept_is_what_the_facts_come_to():
    yield
    assert verifying.wrong_figures(1) == []
    assert not ParkedMessage.objects.exists()


def sales(currency="EUR"):
    """Of today."""
    return selectors.sales_by_day(1)[currency][0][1:]


def test_an_empty_shop_has_figures_too(that_day):
    assert selectors.sales_by_day(2) == {"EUR": [(that_day - timedelta(days=n), 0, 0) for n in (1, 0)]}
    assert selectors.top_products(30) == selectors.top_customers() == []
    assert selectors.cohorts() == selectors.stock_turnover() == []


def test_orders_count_for_their_day_in_their_currency(handle, that_day):
    handle(
        message(placed("S-1")),
        message(placed("S-2", at=AT - timedelta(days=1))),
        message(placed("S-3", line(price="1.05"), currency="USD")),
        message(placed("S-4", line(price="1.00"))),
    )
    assert selectors.sales_by_day(2) == {
        "EUR": [(that_day - timedelta(days=1), 1, Decimal("9.90")), (that_day, 2, Decimal("11.90"))],
        "USD": [(that_day - timedelta(days=1), 0, Decimal("0.00")), (that_day, 1, Decimal("2.10"))],
    }


def test_a_cancelled_order_never_was_and_a_refunded_one_is_worth_nothing(handle):
    handle(message(placed("S-1")), message(placed("S-2")), message(placed("S-3")))
    handle(message(cancelled("S-1")), message(refunded("S-2")))
    assert sales() == (2, Decimal("9.90"))
    assert [row.units for row in selectors.top_products(1)] == [2]


def test_a_day_of_nothing_but_cancelled_orders_is_a_day(handle):
    handle(message(cancelled()), message(placed(at=AT - timedelta(days=1), currency="USD")))
    assert SalesDay.objects.values_list("currency", "orders").get() == ("USD", 0)
    assert list(selectors.sales_by_day(2)) == ["EUR", "USD"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_events_may_come_in_any_order(handle, order):
    told = [placed("S-1"), cancelled("S-1"), refunded("S-1")]
    for place in order:
        handle(message(told[place]))
    handle(message(placed("S-2")), message(refunded("S-2")))
    assert sales() == (1, 0)
    assert selectors.top_products(1) == []
    assert [row.orders for row in selectors.top_customers()] == [1]


def test_what_is_told_again_changes_nothing(handle, django_assert_num_queries):
    told = [placed("S-1"), cancelled("S-1"), placed("S-2"), refunded("S-2"), placed("S-3"), returned("R-1", "S-3")]
    handle(*(message(event) for event in told))
    before = selectors.sales_by_day(1), selectors.top_products(1), selectors.top_customers(), selectors.cohorts()
    handle(*(message(event) for event in told))
    for event in reversed(told):
        handle(message(event))
    after = selectors.sales_by_day(1), selectors.top_products(1), selectors.top_customers(), selectors.cohorts()
    assert before == after


def test_the_same_message_again_after_the_inbox_was_pruned_changes_nothing(handle):
    first = message(placed())
    handle(first)
    InboxMessage.objects.all().delete()
    handle(first)
    handle(delivered(first.text, redelivered=True))
    assert sales() == (1, Decimal("9.90"))


def test_an_order_that_was_copied_wrongly_is_mended_by_telling_it_again(handle):
    handle(message(placed("S-1", line("MUG"), line("CUP"), total="1.00", at=AT - timedelta(days=1))))
    handle(message(placed("S-1", line("CUP", quantity=3))))
    assert sales() == (1, Decimal("14.85"))
    assert [(row.sku, row.units) for row in selectors.top_products(9)] == [("CUP", 3)]


def test_two_lines_of_one_sku_count_together(handle):
    handle(message(placed("S-1", line("MUG", 1), line("MUG", 2, "5.00", discount="0.50"))))
    assert selectors.top_products(1)[0][3:5] == (3, Decimal("14.45"))


def test_products_are_called_what_they_are_called_now(handle):
    handle(message(placed("S-1", line("MUG"), line("CUP", 9))))
    assert [row.name for row in selectors.top_products(1)] == ["", ""]
    handle(message(published("MUG")), message(published("CUP")))
    with time_machine.travel(AT + timedelta(hours=2), tick=False):
        later = message(changed("MUG", product_name="Beaker"))
    with time_machine.travel(AT + timedelta(hours=3), tick=False):
        latest = message(changed("MUG", product_name="Bowl", category_name="Gifts"))
    handle(latest)
    handle(later)
    assert selectors.top_products(1) == [
        ("CUP", "Cup", "For the kitchen", 9, Decimal("44.55"), "EUR"),
        ("MUG", "Bowl", "Gifts", 2, Decimal("9.90"), "EUR"),
    ]
    assert selectors.top_products(1, limit=1)[0].sku == "CUP"
    assert selectors.top_products(1, currency="USD") == []


def test_an_event_from_before_the_names_were_told_gives_what_it_has(handle):
    handle(message(placed()), message(published(product_name="", category_name="")))
    assert selectors.top_products(1)[0][1:3] == ("Mug, red", "kitchen")


def test_the_best_customers_come_with_what_they_sent_back(handle):
    handle(
        message(placed("S-1", line(price="1.00"), customer=1)),
        message(placed("S-2", customer=2, at=AT - timedelta(days=3))),
        message(placed("S-3", customer=2)),
        message(placed("S-4", customer=3, currency="USD")),
        message(registered(1, "Bob", "bob@example.com")),
        message(registered(2)),
        message(returned("R-1", "S-2")),
        message(returned("R-2", "S-3")),
        message(returned("R-3", "S-1")),
    )
    with time_machine.travel(AT + timedelta(hours=2), tick=False):
        handle(message(renamed(2)))
    assert selectors.top_customers() == [
        (2, "Ada King", "ada@example.com", 2, 2, Decimal("19.80"), AT),
        (1, "Bob", "bob@example.com", 1, 1, Decimal("2.00"), AT),
        (3, "", "", 1, 0, Decimal("0.00"), AT),
    ]
    handle(message(cancelled("S-3", customer=2)))
    assert selectors.top_customers(1)[0][3:] == (1, 2, Decimal("9.90"), AT - timedelta(days=3))


def test_a_customer_all_of_whose_orders_are_cancelled_is_none(handle):
    handle(message(placed()), message(registered()), message(cancelled()))
    assert selectors.top_customers() == []


def test_cohorts_tell_who_came_back(handle):
    handle(
        message(placed("S-1", customer=1, at=JANUARY)),
        message(placed("S-2", customer=1, at=MARCH)),
        message(placed("S-3", customer=1, at=MARCH)),
        message(placed("S-4", customer=2, at=JANUARY)),
        message(placed("S-5", customer=3, at=FEBRUARY)),
        message(placed("S-6", customer=3, at=MARCH, currency="USD")),
    )
    january, february, march = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
    worth = Decimal("9.90")
    assert selectors.cohorts() == [
        (january, january, 2, 2, 2 * worth),
        (january, march, 1, 2, 2 * worth),
        (february, february, 1, 1, worth),
    ]
    assert selectors.cohorts(currency="USD") == [(march, march, 1, 1, worth)]
    assert selectors.cohorts(months=10)[0].first == february
    handle(message(cancelled("S-1", customer=1)), message(refunded("S-4", customer=2)))
    assert selectors.cohorts() == [
        (january, january, 1, 1, 0),
        (february, february, 1, 1, worth),
        (march, march, 1, 2, 2 * worth),
    ]


def test_an_earlier_order_that_comes_late_moves_its_customer_into_an_earlier_cohort(handle):
    handle(message(placed("S-2", at=MARCH)))
    handle(message(placed("S-1", at=JANUARY)))
    assert [row[:4] for row in selectors.cohorts()] == [
        (date(2026, 1, 1), date(2026, 1, 1), 1, 1),
        (date(2026, 1, 1), date(2026, 3, 1), 1, 1),
    ]
    assert CohortMonth.objects.get(first=date(2026, 3, 1)).customers == 0


def test_stock_turns_as_often_as_its_average_is_shipped(handle):
    handle(
        message(adjusted(1, 100, at=JANUARY)),
        message(shipped(2, 30, at=FEBRUARY)),
        message(shipped(3, 20)),
        message(sent_back(4, 10)),
        message(dispatched(5, 5)),
        message(received(6, 5)),
        message(adjusted(7, -10)),
        message(adjusted(8, 1000, sku="CUP")),
    )
    assert selectors.stock_turnover(months=1) == [("MUG", 20, 10, 70, 50, Decimal("0.33"))]
    assert selectors.stock_turnover() == [("MUG", 50, 10, 0, 50, Decimal("2.00"))]
    handle(*(message(shipped(number, 20)) for number in (3, 3)), message(shipped(9, 999, sku="CUP")))
    assert [row[:2] for row in selectors.stock_turnover()] == [("CUP", 999), ("MUG", 50)]
    assert [row.sku for row in selectors.stock_turnover(limit=1)] == ["CUP"]


def test_stock_that_was_never_there_does_not_turn(handle):
    handle(message(shipped(1, 2)), message(adjusted(2, 2)))
    assert selectors.stock_turnover()[0][3:] == (0, 0, None)


def test_a_movement_that_is_not_named_is_left_to_the_backfill(handle):
    handle(message(shipped(1).model_copy(update={"movement": None})))
    assert selectors.stock_turnover() == []
    handle(message(shipped(1)))
    assert [row.shipped for row in selectors.stock_turnover()] == [2]


def test_a_day_ends_at_midnight_utc(handle, that_day):
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    handle(message(placed("S-1", at=midnight)), message(placed("S-2", at=midnight - timedelta(microseconds=1))))
    assert [row.orders for row in selectors.sales_by_day(2)["EUR"]] == [1, 1]
    assert {str(day) for day in OrderFact.objects.values_list("day", flat=True)} == {"2026-11-23", "2026-11-22"}


def test_a_bad_message_is_parked_alone_and_the_others_count(handle):
    handle(message(placed("S-1")), message(placed("S" * 41)), message(placed("S-2")))
    [parked] = ParkedMessage.objects.all()
    assert "too long" in parked.error
    assert sales() == (2, Decimal("19.80"))
    parked.delete()


def test_a_batch_takes_few_statements_whatever_is_in_it(handle, django_assert_max_num_queries):
    from extracted.reporting import services

    many = [placed(f"S-{n}", line("MUG"), line(f"CUP-{n}"), customer=n, at=AT - timedelta(days=n)) for n in range(50)]
    with django_assert_max_num_queries(16):
        services.orders_placed(1, many)
    with django_assert_max_num_queries(16):
        services.orders_cancelled(1, [cancelled(f"S-{n}", customer=n) for n in range(50)])


def test_each_answer_is_one_statement(django_assert_num_queries):
    for ask in (selectors.sales_by_day, selectors.top_products):
        with django_assert_num_queries(1):
            ask(30)
    for ask in (selectors.top_customers, selectors.cohorts, selectors.stock_turnover):
        with django_assert_num_queries(1):
            ask()
