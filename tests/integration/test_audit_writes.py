"""`manage.py audit_writes` with a real log: it finds what was silent in the shop, once, and nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from monolith.orders.factories import OrderFactory
from monolith.orders.housekeeping import complete_delivered_orders
from monolith.orders.models import Order
from monolith.orders.services import cancel_order, record_delivery, record_shipment
from strangler.conf import CdcSettings
from strangler.cutover.silent_writes import capture
from strangler.outbox import publish_many
from strangler.relay import doctor
from strangler.relay.log.setup import prepare
from strangler.relay.log.source import source_of
from tests.sample.events import StepTaken
from tests.support.project import Project
from tests.support.slots import drop_slot
from tests.support.waiting import until
from tests.unit.relay_log.conftest import cdc, superuser  # noqa: F401  (fixtures)
from tests.unit.relay_log.log_reader import LogReader

Audit = Callable[..., list[dict[str, Any]]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ready(superuser: psycopg.Connection, cdc: CdcSettings, settings: Any) -> Iterator[CdcSettings]:  # noqa: F811
    """The role that reads the log is there, nothing of the audit's is."""
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    settings.STRANGLER = {**settings.STRANGLER, "CDC": cdc.model_dump(by_alias=True)}
    yield cdc
    drop_slot(superuser, slot_of(cdc))
    for name in (slot_of(cdc), f"{slot_of(cdc)}_outbox"):
        superuser.execute(f"DROP PUBLICATION IF EXISTS {name}")


def slot_of(cdc: CdcSettings) -> str:  # noqa: F811
    return f"{cdc.slot}_audit"


@pytest.fixture
def audit(ready: CdcSettings) -> Audit:
    """What one run reports; it exits 1 exactly when that is something. The first one has happened."""

    def run() -> list[dict[str, Any]]:
        out = io.StringIO()
        code = 0
        try:
            command(ready, "--once", "--json", out=out)
        except CommandError as error:
            code = error.returncode
        found = [json.loads(line) for line in out.getvalue().splitlines()]
        assert code == bool(found)
        return found

    assert run() == []
    return run


def command(cdc: CdcSettings, *arguments: str, out: io.StringIO | None = None) -> str:  # noqa: F811
    said = io.StringIO()
    call_command("audit_writes", "--slot", slot_of(cdc), *arguments, stdout=out or said, stderr=said)
    return said.getvalue()


def delivered_long_ago(count: int) -> set[int]:
    for _ in range(count):
        OrderFactory()
    Order.objects.update(status=Order.Status.DELIVERED, delivered_at=timezone.now() - timedelta(days=60))
    return set(Order.objects.values_list("pk", flat=True))


def test_the_bulk_update_of_the_tangle_is_found_as_the_appendix_promises(audit: Audit) -> None:
    orders = delivered_long_ago(3)
    audit()  # what this test has set up was silent too
    before = timezone.now()
    assert complete_delivered_orders() == 3
    (found,) = audit()
    assert {int(key) for key in found["primary_keys"]} == orders
    assert (found["model"], found["changed"], found["silent"]) == ("orders.Order", {"update": 3}, 3)
    assert before.isoformat() <= found["committed_at"] <= timezone.now().isoformat()
    assert audit() == []


def test_the_life_of_an_order_is_not_silent(audit: Audit) -> None:
    first, second = OrderFactory(), OrderFactory()
    cancel_order(first, "changed her mind")
    record_shipment(second, complete=False)
    record_shipment(second, complete=True)
    record_delivery(second)
    assert audit() == []


WRITES = {
    "raw SQL": "UPDATE orders_order SET cancel_reason = 'raw'",
    "a function": "DO $$ BEGIN UPDATE orders_order SET cancel_reason = 'raw'; END $$",
    "a deletion": "DELETE FROM orders_orderline; DELETE FROM orders_order",
    "a truncation": "TRUNCATE orders_order CASCADE",
    "a new primary key": "DELETE FROM orders_orderline; UPDATE orders_order SET id = id + 1000",
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=list(WRITES))
def test_whoever_writes_however_is_found(audit: Audit, superuser: psycopg.Connection, statement: str) -> None:  # noqa: F811
    """Also past Django, as no guard of the tests sees it."""
    order = OrderFactory()
    assert audit() == []
    with superuser.transaction():
        superuser.execute(statement.encode())
        ((number,),) = superuser.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()
    (found,) = audit()
    assert found["transaction"] == number % 2**32
    assert found["primary_keys"] in ([], [str(order.pk)], [str(order.pk + 1000)])
    assert (found["primary_keys"] == []) == ("TRUNCATE" in statement)


def test_a_copy_is_found(audit: Audit, superuser: psycopg.Connection) -> None:  # noqa: F811
    OrderFactory()
    superuser.execute("CREATE TEMPORARY TABLE rows AS SELECT * FROM orders_order")
    superuser.execute("UPDATE rows SET id = 77, number = 'S'")
    with superuser.cursor() as cursor:
        with cursor.copy("COPY rows TO STDOUT") as source:
            rows = b"".join(bytes(part) for part in source)
        with cursor.copy("COPY orders_order FROM STDIN") as target:
            target.write(rows)
    (found,) = audit()
    assert (found["changed"], found["primary_keys"]) == ({"insert": 1}, ["77"])


def test_one_event_for_many_rows_is_not_enough(audit: Audit) -> None:
    told, untold = OrderFactory(), OrderFactory()
    with transaction.atomic():
        Order.objects.update(cancel_reason="why")
        cancel_order(told, "why")
        publish_many([StepTaken(thing=untold.number, step=1)])
    (found,) = audit()
    assert found["primary_keys"] == [str(untold.pk)]
    assert (found["changed"], found["silent"], found["events"]) == ({"update": 3}, 1, 1)


def test_what_was_rolled_back_is_not_found(audit: Audit) -> None:
    order = OrderFactory()
    with transaction.atomic(), pytest.raises(ZeroDivisionError), transaction.atomic():
        Order.objects.update(cancel_reason=str(1 // 0 if order.delete() else ""))
    assert audit() == []


def test_what_could_not_be_reported_is_reported_by_the_next_run(audit: Audit, ready: CdcSettings) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("no space left on device")

    order = OrderFactory()
    Order.objects.update(cancel_reason="silent")
    with pytest.raises(OSError, match="no space left"):
        command(ready, "--once", out=Full())
    (found,) = audit()
    assert found["primary_keys"] == [str(order.pk)]


def test_a_person_gets_a_line_and_the_exit_status_of_a_failure(audit: Audit, ready: CdcSettings) -> None:
    order = OrderFactory()
    Order.objects.update(cancel_reason="silent")
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 silent changes"):
        command(ready, "--once", out=out)
    said = f"orders.Order: 1 of 1 rows changed without their event (update 1; primary keys {order.pk})"
    assert said in out.getvalue()


def test_the_relays_publication_and_slot_are_left_alone(ready: CdcSettings, superuser: psycopg.Connection) -> None:  # noqa: F811
    prepare(connection, ready)
    command(ready, "--once")
    found = doctor.examine(doctor.Patient(connection, ready, source_of(ready), "stream", probe_seconds=0.1))
    assert [each.severity for each in found if each.topic == "publication"] == [doctor.Severity.OK]
    tables = superuser.execute("SELECT tablename FROM pg_publication_tables WHERE pubname = %s", [slot_of(ready)])
    assert tables.fetchall() == [("orders_order",)]


def test_a_model_that_is_declared_later_is_audited_from_then_on(audit: Audit, settings: Any) -> None:
    models = {**settings.STRANGLER["MODELS_WITH_EVENTS"], "inventory.StockItem": {}}
    settings.STRANGLER = {**settings.STRANGLER, "MODELS_WITH_EVENTS": models}
    audit()
    OrderFactory()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inventory_stockitem SET sku = sku")
    assert [found["model"] for found in audit()] == ["inventory.StockItem"] * 2  # the factory's own, and this one


def test_what_is_written_the_moment_the_slot_is_there_is_audited(
    ready: CdcSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publication that is younger would not be known to the log of that moment."""
    make = capture.slot.make

    def make_and_write(*arguments: Any) -> bool:
        made = make(*arguments)
        Order.objects.update(cancel_reason="at once")
        return made

    OrderFactory()
    monkeypatch.setattr(capture.slot, "make", make_and_write)
    with pytest.raises(CommandError, match="1 silent changes"):
        command(ready, "--once")


def test_drop_removes_everything_and_may_be_repeated(audit: Audit, ready: CdcSettings, superuser: Any) -> None:  # noqa: F811
    out = io.StringIO()
    command(ready, "--drop", out=out)
    command(ready, "--drop", out=out)
    name = slot_of(ready)
    assert out.getvalue().splitlines() == [
        f"slot {name}: dropped",
        f"publication {name}: dropped",
        f"publication {name}_outbox: dropped",
        "there was nothing to remove",
    ]
    assert not superuser.execute("SELECT 1 FROM pg_publication WHERE pubname LIKE %s", [f"{name}%"]).fetchall()


def test_a_slot_that_is_read_already_is_no_ones_to_read_or_drop(audit: Audit, ready: CdcSettings) -> None:
    name = slot_of(ready)
    with LogReader(ready.database_url, name, name):
        for what in ("--once", "--drop"):
            with pytest.raises(CommandError, match=f"slot {name} is read by process"):
                command(ready, what)


@pytest.mark.parametrize(("name", "said"), [("Ours!", "a slot's name is of"), ("", "the outbox's relay uses it")])
def test_a_name_that_will_not_do_is_refused(ready: CdcSettings, name: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("audit_writes", "--once", "--slot", name or ready.slot)


def test_nothing_declared_and_a_table_that_cannot_be_published_are_refused(
    ready: CdcSettings,
    superuser: psycopg.Connection,  # noqa: F811
    settings: Any,
) -> None:
    superuser.execute("ALTER TABLE orders_order REPLICA IDENTITY NOTHING")
    try:
        with pytest.raises(CommandError, match=r'table "orders_order" of orders\.Order has no replica'):
            command(ready, "--once")
    finally:
        superuser.execute("ALTER TABLE orders_order REPLICA IDENTITY DEFAULT")
    settings.STRANGLER = {**settings.STRANGLER, "MODELS_WITH_EVENTS": {}}
    with pytest.raises(CommandError, match=r'STRANGLER\["MODELS_WITH_EVENTS"\] is empty'):
        command(ready, "--once")


def test_who_may_not_publish_the_tables_is_told_what_to_have_run(
    ready: CdcSettings,
    superuser: psycopg.Connection,  # noqa: F811
) -> None:
    user = connection.settings_dict["USER"]
    superuser.execute(f"GRANT {ready.slot} TO {user}; GRANT USAGE ON SCHEMA public TO {ready.slot}")
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {ready.slot}")
        try:
            with pytest.raises(CommandError, match=r'CREATE PUBLICATION "\w+" FOR TABLE "public"."orders_order"'):
                command(ready, "--once")
        finally:
            cursor.execute("RESET ROLE")


# --- as a process


WRITE = """
    import django; django.setup()
    from tests.sample.models import Effect
    Effect.objects.create(consumer_group="audit", thing={thing!r}, step=1)
"""
AUDIT = """
    import django; django.setup()
    from django.core.management import call_command
    call_command("audit_writes", *{arguments!r})
"""
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
UNREAD = "SELECT 1 FROM pg_replication_slots WHERE active_pid IS NULL AND slot_name = %(name)s"


@pytest.mark.parametrize("broker_url", ["pgmq"], indirect=True)
def test_a_follower_tells_at_once_and_after_a_kill_what_it_has_missed(
    new_project: Callable[[str], Project], broker_url: str
) -> None:
    project = new_project("polling")
    name = f"{project.exchange}_audit"
    follow = AUDIT.format(arguments=("--follow", "--json", "--slot", name))
    first = project.start(follow)
    first.wait_for(lambda: "the audit begins here" in first.tail(), 30, "the slot")
    project.run(WRITE.format(thing="a"))
    project.publish(("b", 1, "ok"))
    first.wait_for(lambda: "sample.Effect" in first.tail(), 30, "the silent write")
    with project.database.connect() as superuser_session:
        superuser_session.execute(END_SESSIONS, [name.removesuffix("_audit")])
    project.run(WRITE.format(thing="d"))
    first.wait_for(lambda: first.tail().count("sample.Effect") == 2, 30, "the next one, after an outage")
    first.kill_9()
    project.run(WRITE.format(thing="c"))
    until(lambda: project.rows(UNREAD, name=name), "the server to see that the reader is gone")
    second = project.start(follow)
    ((pk,),) = project.rows("SELECT id FROM sample_effect WHERE thing = 'c'")
    second.wait_for(lambda: f'"primary_keys": ["{pk}"]' in second.tail(), 30, "what was written in between")
    assert second.terminate(timeout=20) == 0
    project.run(AUDIT.format(arguments=("--drop", "--slot", name)))
    assert project.rows(UNREAD, name=name) == []
