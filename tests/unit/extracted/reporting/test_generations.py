"""Copies side by side: built from zero, swapped without a gap, put away."""

from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from extracted.reporting import clearing, generations, handlers, selectors, services
from extracted.reporting.errors import GenerationError
from extracted.reporting.facts import Movement
from extracted.reporting.models import Customer, Generation, LineFact, OrderFact, SalesDay, Serving
from extracted.reporting.sql import execute
from strangler.brokers import OutgoingMessage, connect
from strangler.conf import settings as kit
from strangler.inbox.models import ParkedMessage
from strangler.messaging.ids import new_id
from tests.unit.extracted.reporting.factories import (
    AT,
    cancelled,
    line,
    message,
    placed,
    published,
    registered,
    returned,
)

SOME = (placed("S-1"), placed("S-2", line("CUP"), customer=8), cancelled("S-2", customer=8), returned("R-1", "S-1"))


def orders_of_today():
    return selectors.sales_by_day(1)["EUR"][0].orders


@pytest.fixture
def broker():
    """Both groups have their queue, and nothing in it."""
    memory = connect(kit.broker_url, exchange=kit.exchange)
    for group in ("reporting", "reporting-2"):
        memory.declare(group, ["orders.order_placed"])
        with memory.subscriber(group, ["orders.order_placed"], prefetch=100) as subscriber:
            while waiting := subscriber.receive(0):
                subscriber.ack(waiting)
    return memory


@pytest.fixture
def two(db, tell):
    """The one that answers, and one that has caught up with it."""
    generations.open_next()
    for number in (1, 2):
        tell(number, *SOME)


@pytest.mark.django_db
class TestSideBySide:
    def test_the_next_one_is_opened_and_learns_without_being_asked(self, tell, that_day):
        tell(1, *SOME)
        assert generations.open_next().number == 2
        tell(2, placed("S-9"), placed("S-8"))
        assert orders_of_today() == 1
        assert [row.sku for row in selectors.top_products(1)] == ["MUG"]

    def test_what_is_written_names_its_generation_and_no_other_changes(self, tell):
        generations.open_next()
        tell(1, *SOME)
        tell(2, *SOME)
        for model in (OrderFact, LineFact, SalesDay, Customer):
            counts = [model.objects.filter(generation=number).count() for number in (1, 2)]
            assert counts[0] == counts[1] > 0
        tell(2, cancelled("S-1"))
        assert SalesDay.objects.get(generation=1).orders == 1
        assert SalesDay.objects.get(generation=2).orders == 0

    def test_every_answer_is_of_one_generation_alone(self, tell):
        """Both know the order, the product and the customer; only the other one knows more of them."""
        told = tell_names(1)
        generations.open_next()
        tell(1, placed("S-1"), placed("S-2"), returned("R-1", "S-1"))
        tell(2, placed("S-1"))
        assert (told, selectors.top_customers()[0].returns) == (["Ada"], 1)
        generations.serve(Generation.objects.get(number=2))
        assert selectors.top_customers()[0][1:5] == ("", "", 1, 0)
        assert selectors.top_products(3660)[0][1:4] == ("", "", 2)
        assert [row.orders for row in selectors.cohorts(120)] == [1]
        assert selectors.stock_turnover(120) == []

    def test_one_that_was_never_opened_takes_nothing_and_says_what_to_do(self, tell):
        with pytest.raises(GenerationError, match=r"generation 5 was never opened: run `rebuild`.*GENERATION=1"):
            tell(5, *SOME)
        assert not OrderFact.objects.exists()

    def test_only_one_is_built_at_a_time(self):
        generations.open_next()
        with pytest.raises(GenerationError, match="generation 2 is open already"):
            generations.open_next()

    def test_a_consumer_of_one_that_is_not_open_parks_its_messages(self, handle, monkeypatch):
        monkeypatch.setattr(handlers, "GENERATION", 3)
        handle(message(placed()))
        assert "generation 3 was never opened" in ParkedMessage.objects.get().error


@pytest.mark.usefixtures("two", "that_day", "broker")
class TestSwapping:
    def test_one_that_caught_up_answers_and_the_other_one_is_kept(self, tell, capsys):
        tell(2, placed("S-3"))
        call_command("swap", within=0)
        assert capsys.readouterr().out.splitlines() == [
            "generation 2 answers now, 1 is kept: `swap --back`",
            "in the monolith, for gates and repairs: REPORTING_GROUPS=reporting-2",
        ]
        assert orders_of_today() == 2
        call_command("swap", back=True)
        assert "generation 1 is 0 messages behind" in capsys.readouterr().out
        assert orders_of_today() == 1

    def test_it_can_go_there_and_back_and_there(self):
        for options in ({"within": 0}, {"back": True}, {"within": 0}):
            call_command("swap", **options)
        assert Serving.objects.values_list("generation", "previous").get() == (2, 1)

    @pytest.mark.parametrize(
        ("event", "named"),
        [
            (placed("S-3"), "lacks order S-3"),
            (cancelled("S-1"), "lacks order S-1"),
            (returned("R-2", "S-1"), "lacks return R-2"),
        ],
    )
    def test_one_that_lacks_what_the_other_knows_is_refused_by_name(self, tell, event, named):
        tell(1, event)
        with pytest.raises(CommandError, match=f"generation 2 can't answer yet: {named}"):
            call_command("swap", within=0)
        assert generations.serving().generation == 1
        tell(2, event)
        call_command("swap", within=0)

    def test_messages_that_wait_at_the_broker_are_waited_for(self, broker):
        publish(broker)
        with pytest.raises(CommandError, match="1 messages wait for it"):
            call_command("swap", within=0)

    def test_messages_that_could_not_be_handled_are_named(self):
        parked = {"message_id": new_id(), "key": "k", "type": "t", "payload": "{}", "status": "dead"}
        row = ParkedMessage(consumer_group="reporting-2", next_attempt_at=generations.serving().since, **parked)
        row.save()
        with pytest.raises(CommandError, match="1 messages could not be handled"):
            call_command("swap", within=0)
        ParkedMessage.objects.update(status="discarded")
        call_command("swap", within=0)

    @pytest.mark.parametrize(
        ("table", "change"),
        [
            ("reporting_sales_day", "revenue = revenue + 0.01"),
            ("reporting_product_day", "units = units + 1"),
            ("reporting_cohort_month", "customers = 0"),
            ("reporting_customer", "lifetime_value = 0"),
        ],
    )
    def test_one_that_counts_wrong_is_refused_by_name(self, table, change):
        execute(f"UPDATE {table} SET {change} WHERE generation = 2")  # noqa: S608
        with pytest.raises(CommandError, match=f"counts wrong: {table}"):
            call_command("swap", within=0)

    def test_without_another_one_there_is_nothing_to_swap_to(self):
        with pytest.raises(CommandError, match="generation 1 is the first to serve"):
            call_command("swap", back=True)
        call_command("swap", within=0)
        with pytest.raises(CommandError, match="no generation is being built beside 2: open one with `rebuild`"):
            call_command("swap", within=0)


@pytest.mark.usefixtures("two", "that_day", "broker")
class TestRetiring:
    def test_its_rows_are_deleted_and_nobody_elses(self, capsys):
        rows = OrderFact.objects.filter(generation=2).count()
        call_command("swap", within=0)
        call_command("retire_generation", 1)
        assert "generation 1 is retired" in capsys.readouterr().out
        counts = [OrderFact.objects.filter(generation=number).count() for number in (1, 2)]
        assert counts == [0, rows]
        assert orders_of_today() == 1
        with pytest.raises(CommandError, match="the one before it is retired"):
            call_command("swap", back=True)

    def test_it_is_cleared_in_batches(self):
        assert clearing.clear(2, batch=1) == clearing.clear(1)

    def test_the_one_that_answers_is_not_retired(self):
        with pytest.raises(CommandError, match="generation 1 is the one that answers: `swap` first"):
            call_command("retire_generation", 1)
        with pytest.raises(CommandError, match=r"there is no generation 9 \(there are: 2, 1\)"):
            call_command("retire_generation", 9)

    def test_it_takes_nothing_any_more(self, tell):
        generations.retire(2)
        with pytest.raises(GenerationError, match="generation 2 is retired: stop the consumers"):
            tell(2, placed("S-9"))

    def test_the_next_one_is_opened_with_the_way_there(self, capsys):
        generations.retire(2)
        call_command("rebuild")
        said = capsys.readouterr().out
        assert said.startswith("Generation 3 is open, and empty.")
        assert "python manage.py backfill reporting-3" in said
        assert Generation.objects.get(number=3).group == "reporting-3"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("first_generation")
def test_whoever_reads_while_they_are_swapped_sees_one_or_the_other_whole(tell):
    """The two differ in every figure, so a mixture would show."""
    generations.open_next()
    tell(1, placed("S-1", line("MUG"), customer=1), returned("R-1", "S-1"))
    tell(2, *(placed(f"S-{n}", line("CUP"), customer=2) for n in range(3)))
    whole = {}
    for number in (1, 2):
        generations.serve(Generation.objects.get(number=number))
        whole[number] = everything()
    stop, seen, failures = Event(), [], []

    def read():
        try:
            while not stop.is_set():
                seen.append(everything())
        except Exception as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(50):
        for number in (1, 2):
            with transaction.atomic():
                generations.serve(Generation.objects.get(number=number))
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    for answers in seen:
        assert all(answer in (whole[1][place], whole[2][place]) for place, answer in enumerate(answers))
    assert {str(whole[number][0]) for number in (1, 2)} == {str(answers[0]) for answers in seen}


def tell_names(generation):
    services.customer_named(generation, registered(), AT)
    services.product_named(generation, published(), AT)
    services.stock_moved(generation, [Movement(1, "MUG", AT, "shipped", -2)])
    return list(Customer.objects.values_list("name", flat=True))


def everything():
    return [
        selectors.sales_by_day(3660),
        selectors.top_products(3660),
        selectors.top_customers(),
        selectors.cohorts(120),
    ]


def publish(broker):
    """As the relay does, one event that waits in every group's queue."""
    body = message(placed("S-7")).text.encode()
    with broker.publisher() as publisher:
        sent = OutgoingMessage(new_id(), "orders.order", "orders.order_placed", "orders.order:S-7", body)
        publisher.publish([sent])


def test_the_use_cases_take_no_events_at_all(db):
    """As a batch in which nothing was of use."""
    services.orders_placed(1, [])
    services.stock_moved(1, [])
