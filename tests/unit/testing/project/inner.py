"""Run by test_guard.py under the plugin: what should fail and what should pass."""

import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import TestCase
from little.orders import services
from little.orders.factories import OrderFactory
from little.orders.forms import OrderForm
from little.orders.models import Note, Order

from strangler.testing.silent_writes import allow_silent_writes

WITH = """
    WITH gone AS (DELETE FROM orders_order RETURNING number) INSERT INTO orders_note (text) SELECT number FROM gone
"""
MERGE = """
    MERGE INTO orders_order USING (VALUES ('A'), ('Z')) AS new (number) ON orders_order.number = new.number
    WHEN MATCHED THEN UPDATE SET status = 'merged' WHEN NOT MATCHED THEN INSERT (number, status) VALUES ('Z', 'merged')
"""
RAW = {
    "raw_insert": "INSERT INTO orders_order (number, status) VALUES ('Z', 'raw')",
    "raw_update": "/* nothing */ update ONLY public.ORDERS_ORDER set status = 'raw' -- of all",
    "raw_delete": 'DELETE FROM "orders_order"',
    "raw_with": WITH,
    "raw_merge": MERGE,
    "raw_do": "DO $$ BEGIN UPDATE orders_order SET status = 'raw'; END $$",
    "raw_second": "SELECT 1; UPDATE orders_order SET status = 'raw'",
    "raw_truncate": "TRUNCATE orders_order",
}


@pytest.fixture
def orders(db: None) -> None:
    for number in "ABC":
        OrderFactory(number=number)


@pytest.fixture
def stored_orders(transactional_db: None) -> None:
    for number in "ABC":
        OrderFactory(number=number)


SILENT = [
    *("update", "create", "bulk_create", "delete", "composed", "copy"),
    *("in_autocommit", "in_a_block_without_a_savepoint", "event_of_one_of_three"),
]


@pytest.mark.parametrize("way", SILENT)
def test_silent(orders: None, way: str) -> None:
    getattr(services, way)()


@pytest.mark.parametrize("way", [*SILENT, "in_a_thread"])
def test_silent_committed(stored_orders: None, way: str) -> None:
    getattr(services, way)()


@pytest.mark.parametrize("way", list(RAW))
def test_silent_raw(orders: None, way: str) -> None:
    services.raw(RAW[way])


def test_silent_awaited(stored_orders: None) -> None:
    async_to_sync(services.awaited)()


def test_own_awaited(stored_orders: None) -> None:
    async_to_sync(Order.objects.acreate)(number="mine")


@pytest.mark.parametrize("way", ["event_after_the_block", "event_before_the_block", "event_rolled_back"])
def test_silent_events(orders: None, way: str) -> None:
    Order.objects.exclude(number="A").delete()
    getattr(services, way)("A")


def test_silent_hook(stored_orders: None) -> None:
    Order.objects.exclude(number="A").delete()
    services.event_before_the_hook("A")


class WithUnittest(TestCase):
    """Django puts a transaction round the class, and another one round each test."""

    @classmethod
    def setUpTestData(cls) -> None:
        OrderFactory(number="A")

    def test_silent_testcase(self) -> None:
        services.in_autocommit()

    def test_own_testcase(self) -> None:
        Order.objects.update(status="mine")
        services.with_its_event("A")


def test_silent_admin_action(orders: None, client: Any) -> None:
    client.force_login(User.objects.create_superuser("root"))
    data = {"action": "delete_selected", "_selected_action": [order.pk for order in Order.objects.all()], "post": "yes"}
    assert client.post("/admin/orders/order/", data).status_code == 302
    assert not Order.objects.exists()


def test_silent_stock_admin(db: None, client: Any) -> None:
    """No line and no class of the project's own is behind it."""
    client.force_login(User.objects.create_superuser("root"))
    assert client.post("/admin/orders/note/add/", {"text": "a"}).status_code == 302


def test_silent_form(db: None) -> None:
    OrderForm({"number": "a"}).save()


def test_silent_and_failing(orders: None) -> None:
    services.update()
    pytest.fail("for a reason of its own")


def test_told(orders: None) -> None:
    Order.objects.exclude(number="A").delete()
    services.with_its_event("A")


NOT_SILENT = ["with_all_events", "by_the_manager", "rolled_back", "rolled_back_within"]


@pytest.mark.parametrize("way", [*NOT_SILENT, "nothing_found", "a_note", "a_visit"])
def test_not_silent(orders: None, way: str) -> None:
    getattr(services, way)()


@pytest.mark.parametrize("way", NOT_SILENT)
def test_not_silent_committed(stored_orders: None, way: str) -> None:
    getattr(services, way)()


def test_own_data(db: None, tmp_path: Any) -> None:
    """Also what a thread of the test's writes, and a fixture that is loaded."""
    OrderFactory()
    order = Order.objects.create(number="mine")
    order.save()
    Order.objects.update(status="mine")
    Note.objects.bulk_create([Note(text="a")])
    with transaction.atomic():
        order.delete()
    fixture = tmp_path / "orders.json"
    fixture.write_text('[{"model": "orders.order", "pk": 1, "fields": {"number": "loaded", "status": "placed"}}]')
    call_command("loaddata", str(fixture), verbosity=0)


def test_own_thread(transactional_db: None) -> None:
    thread = threading.Thread(target=lambda: Order.objects.create(number="thread"))
    thread.start()
    thread.join()


def test_allowed(orders: None) -> None:
    with allow_silent_writes("it makes data with the code of the application"):
        services.update()


@pytest.mark.allow_silent_writes("it is about something else")
def test_marked(orders: None) -> None:
    services.update()


@pytest.mark.allow_silent_writes
def test_silent_mark_without_a_reason(orders: None) -> None:
    services.update()
