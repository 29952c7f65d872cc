"""Ways to write, for the tests of the guard, which look for the line behind each `# silent`."""

import threading
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from little.orders.events import OrderChanged
from little.orders.models import Note, Order, Visit
from strangler.outbox import publish, publish_many


class Refused(Exception):
    pass


def refuse() -> None:
    raise Refused


def update() -> None:
    with transaction.atomic():
        Order.objects.update(status="update")  # silent


def create() -> None:
    with transaction.atomic():
        Order.objects.create(number="create")  # silent


def bulk_create() -> None:
    with transaction.atomic():
        Order.objects.bulk_create([Order(number=f"bulk_create {number}") for number in range(3)])  # silent


def delete() -> None:
    with transaction.atomic():
        Order.objects.filter(status="placed").delete()  # silent


def raw(statement: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)  # silent


def composed() -> None:
    raw(sql.SQL("UPDATE {} SET status = 'composed'").format(sql.Identifier("orders_order")))


def copy() -> None:
    with transaction.atomic(), connection.cursor() as cursor:  # noqa: SIM117  (so that it has a line of its own)
        with cursor.copy("COPY orders_order (number, status) FROM STDIN") as copying:  # silent
            copying.write_row(("copied", "copy"))


def in_autocommit() -> None:
    Order.objects.update(status="in_autocommit")  # silent


def in_a_block_without_a_savepoint() -> None:
    with transaction.atomic(savepoint=False):
        Order.objects.update(status="in_a_block_without_a_savepoint")  # silent


def in_a_thread() -> None:
    thread = threading.Thread(target=_in_a_thread)
    thread.start()
    thread.join()


def _in_a_thread() -> None:
    Order.objects.create(number="in_a_thread")  # silent
    connection.close()


async def awaited() -> None:
    await Order.objects.aupdate(status="awaited")  # silent


def event_after_the_block(number: str) -> None:
    with transaction.atomic():
        Order.objects.update(status="event_after_the_block")  # silent
    with transaction.atomic():
        publish(OrderChanged(number=number))


def event_before_the_block(number: str) -> None:
    with transaction.atomic():
        publish(OrderChanged(number=number))
    with transaction.atomic():
        Order.objects.update(status="event_before_the_block")  # silent


def event_before_the_hook(number: str) -> None:
    with transaction.atomic():
        publish(OrderChanged(number=number))
        transaction.on_commit(_hook)


def _hook() -> None:
    Order.objects.update(status="event_before_the_hook")  # silent


def event_rolled_back(number: str) -> None:
    with transaction.atomic():
        Order.objects.update(status="event_rolled_back")  # silent
        try:
            with transaction.atomic():
                publish(OrderChanged(number=number))
                refuse()
        except Refused:
            pass


def event_of_one_of_three() -> None:
    with transaction.atomic():
        Order.objects.update(status="event_of_one_of_three")  # silent
        publish(OrderChanged(number="A"))


def with_its_event(number: str) -> None:
    with transaction.atomic():
        with transaction.atomic():
            Order.objects.update(status="with_its_event")
        publish(OrderChanged(number=number))


def with_all_events() -> None:
    with transaction.atomic():
        Order.objects.update(status="with_all_events")
        publish_many([OrderChanged(number=order.number) for order in Order.objects.all()])


def by_the_manager() -> None:
    Order.telling.update(status="by_the_manager")


def rolled_back() -> None:
    try:
        with transaction.atomic():
            Order.objects.update(status="rolled_back")
            refuse()
    except Refused:
        pass


def rolled_back_within() -> None:
    with transaction.atomic():
        try:
            with transaction.atomic():
                Order.objects.update(status="rolled_back_within")
                refuse()
        except Refused:
            pass
        savepoint = transaction.savepoint()
        Order.objects.update(status="rolled_back_within")
        transaction.savepoint_rollback(savepoint)


def nothing_found() -> None:
    Order.objects.filter(number="nobody's").update(status="nothing_found")


def a_note() -> None:
    with transaction.atomic():
        Note.objects.bulk_create([Note(text="one"), Note(text="two")])
        publish(OrderChanged(number="any"))


def a_visit() -> None:
    Visit.objects.create(path="/")
