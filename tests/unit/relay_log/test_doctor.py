"""Every finding of the doctor, provoked on a real server; what needs a server of its own is in tests/integration."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from strangler.conf import CdcSettings
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from strangler.relay.doctor import Finding, Patient, Severity, examination, examine
from strangler.relay.doctor.finding import size
from strangler.relay.log.setup import prepare
from strangler.relay.log.source import source_of
from tests.sample.events import StepTaken
from tests.support.slots import drop_slot
from tests.support.waiting import until
from tests.unit.relay_log.debezium.connect_double import connect_double
from tests.unit.relay_log.log_reader import LogReader, position

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL


@pytest.fixture(autouse=True)
def _no_rabbitmq(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says of one is tested where there is one, in tests/integration."""
    monkeypatch.setattr(examination.unroutable, "findings", lambda *_: iter(()))


@pytest.fixture
def ready(superuser: psycopg.Connection, cdc: CdcSettings) -> CdcSettings:
    """The role and the publication are there, the slot is not."""
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    prepare(connection, cdc)
    return cdc


@pytest.fixture
def slot(superuser: psycopg.Connection, ready: CdcSettings) -> CdcSettings:
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [ready.slot])
    return ready


def found(cdc: CdcSettings, topic: str, *, relay: str = "server") -> Finding:
    """The only finding about `topic`."""
    patient = Patient(connection, cdc, source_of(cdc), relay, probe_seconds=0.5)
    (finding,) = [each for each in examine(patient) if each.topic == topic]
    return finding


@contextmanager
def confirming(superuser: psycopg.Connection, cdc: CdcSettings) -> Iterator[None]:
    """A reader that keeps up."""
    stop = threading.Event()
    with LogReader(cdc.database_url, cdc.slot, cdc.publication) as reader:

        def keep_up() -> None:
            with psycopg.connect(cdc.database_url, autocommit=True) as session:
                while not stop.wait(0.02):
                    reader.confirm(position(session))

        thread = threading.Thread(target=keep_up)
        thread.start()
        heard = "SELECT 1 FROM pg_stat_replication WHERE usename = %s AND reply_time IS NOT NULL"
        try:
            until(lambda: superuser.execute(heard, [cdc.slot]).fetchone(), "the server to hear the reader")
            yield
        finally:
            stop.set()
            thread.join()


def test_a_healthy_slot_is_told_with_its_figures(superuser: psycopg.Connection, slot: CdcSettings) -> None:
    with confirming(superuser, slot):
        patient = Patient(connection, slot, source_of(slot), "server", probe_seconds=60.0)
        findings = {each.topic: each for each in examine(patient)}
    assert {each.severity for each in findings.values()} == {OK}
    assert list(findings) == ["wal_level", "slot", "wal_kept", "lag", "heartbeat", "publication", "pending"]
    assert findings["lag"].unit == "seconds"
    assert findings["lag"].figure is not None
    assert findings["lag"].figure < 5
    assert findings["wal_kept"].unit == "bytes"


def test_a_missing_slot_is_critical_where_a_host_needs_one(ready: CdcSettings) -> None:
    finding = found(ready, "slot")
    assert (finding.severity, finding.recoverable) == (CRITICAL, True)
    assert "`manage.py cdc_setup`" in finding.remedy
    assert "doctor --recover" in finding.remedy


def test_a_missing_slot_only_means_that_no_embedded_relay_runs(ready: CdcSettings) -> None:
    finding = found(ready, "slot", relay="debezium")
    assert (finding.severity, finding.remedy) == (WARNING, "start `manage.py relay`")


@pytest.mark.parametrize(("relay", "remedy"), [("server", "start Debezium Server"), ("connect", "debezium restart")])
def test_a_slot_that_nobody_reads_is_critical(slot: CdcSettings, relay: str, remedy: str) -> None:
    finding = found(slot, "slot", relay=relay)
    assert (finding.severity, finding.recoverable) == (CRITICAL, False)
    assert remedy in finding.remedy


def test_a_slot_of_somebody_else_is_told_with_the_setting(superuser: psycopg.Connection, ready: CdcSettings) -> None:
    superuser.execute("SELECT pg_create_physical_replication_slot(%s)", [ready.slot])
    finding = found(ready, "slot")
    assert (finding.severity, finding.recoverable) == (CRITICAL, False)
    assert "physical slot" in finding.what
    assert 'STRANGLER["CDC"]["SLOT"]' in finding.remedy


def test_a_reader_that_does_not_get_on_is_a_warning_with_the_bytes(slot: CdcSettings) -> None:
    with LogReader(slot.database_url, slot.slot, slot.publication), connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 100000))")
        finding = found(slot, "lag")
    assert finding.severity is WARNING
    assert (finding.figure or 0) > 100_000
    assert "did not pass a mark in the log within 0.5 s" in finding.what


def test_log_that_an_idle_slot_keeps_is_told_in_bytes(slot: CdcSettings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 100000))")
    finding = found(slot, "wal_kept")
    assert (finding.figure or 0) > 100_000
    assert "max_slot_wal_keep_size: no bound" in finding.what


def test_much_kept_log_without_a_bound_is_a_warning_with_the_sql(
    slot: CdcSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strangler.relay.doctor.slot.MUCH_LOG", 0)
    finding = found(slot, "wal_kept")
    assert finding.severity is WARNING
    assert "ALTER SYSTEM SET max_slot_wal_keep_size" in finding.remedy


def test_another_slot_that_nobody_reads_and_that_keeps_much_is_named(
    superuser: psycopg.Connection, slot: CdcSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{slot.slot}_audit"
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
    try:
        patient = Patient(connection, slot, source_of(slot), "server", probe_seconds=0.1)
        assert not [each for each in examine(patient) if name in each.what]
        monkeypatch.setattr("strangler.relay.doctor.others.MUCH_LOG", 0)
        (finding,) = [each for each in examine(patient) if name in each.what]
        assert (finding.topic, finding.severity) == ("unread_slot", WARNING)
        assert f"audit_writes --once --slot {name}" in finding.remedy
    finally:
        drop_slot(superuser, name)


def test_a_reader_that_fell_silent_is_a_warning() -> None:
    from strangler.relay.doctor.slot import _heartbeat

    assert _heartbeat(29.0, 2.0, role="r").severity is OK
    assert _heartbeat(31.0, 2.0, role="r").severity is WARNING
    assert _heartbeat(31.0, 10.0, role="r").severity is OK


def test_when_the_reader_was_heard_is_shown_to_a_role_that_may_see_it(
    superuser: psycopg.Connection, slot: CdcSettings
) -> None:
    with confirming(superuser, slot):
        hidden = found(slot, "heartbeat")
        superuser.execute(hidden.remedy.partition(";")[0].encode())
        shown = found(slot, "heartbeat")
    assert (hidden.figure, "may not see" in hidden.what) == (None, True)
    assert (shown.severity, shown.unit) == (OK, "seconds")
    assert 0 <= (shown.figure or 0.0) < 10


@pytest.mark.parametrize(
    ("statement", "severity", "what"),
    [
        ("DROP PUBLICATION {0}", CRITICAL, "is missing"),
        ("ALTER PUBLICATION {0} SET (publish = 'update')", CRITICAL, "does not publish the inserts"),
        ("ALTER PUBLICATION {0} SET TABLE django_session", CRITICAL, "does not publish the inserts"),
        ("ALTER PUBLICATION {0} SET (publish = 'insert, delete')", WARNING, "more than inserts"),
        ("ALTER PUBLICATION {0} ADD TABLE django_session", WARNING, "1 other tables too"),
    ],
)
def test_a_publication_that_drifted_is_told_with_what_makes_it_right(
    superuser: psycopg.Connection, ready: CdcSettings, statement: str, severity: Severity, what: str
) -> None:
    superuser.execute(statement.format(ready.publication).encode())
    finding = found(ready, "publication")
    assert (finding.severity, what in finding.what) == (severity, True)
    if severity is WARNING:
        superuser.execute(finding.remedy.encode())
        assert found(ready, "publication").severity is OK
    else:
        assert "`manage.py cdc_setup`" in finding.remedy


def test_a_role_that_cannot_log_in_is_told_and_the_outbox_is_looked_at_all_the_same(
    superuser: psycopg.Connection, ready: CdcSettings
) -> None:
    superuser.execute(f"ALTER ROLE {ready.slot} NOLOGIN")
    assert found(ready, "log").severity is CRITICAL
    assert found(ready, "pending").severity is OK


def test_what_waits_too_long_is_a_warning_with_its_age(ready: CdcSettings) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="a", step=0))
    assert found(ready, "pending").severity is OK
    OutboxMessage.objects.update(created_at=timezone.now() - timedelta(hours=1))
    finding = found(ready, "pending")
    assert finding.severity is WARNING
    assert 3600 <= (finding.figure or 0) < 3700


def test_refused_events_are_told_with_a_reason(ready: CdcSettings) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="a", step=0))
    OutboxMessage.objects.update(retry_at=timezone.now(), last_error="no queue is bound")
    finding = found(ready, "refused")
    assert (finding.severity, finding.figure, "no queue is bound" in finding.what) == (WARNING, 1.0, True)


def test_the_connectors_states_are_findings_too(slot: CdcSettings) -> None:
    with connect_double() as worker:
        cdc = slot.model_copy(update={"connect_url": f"http://{worker.address}"})
        patient = Patient(connection, cdc, source_of(cdc), "connect", probe_seconds=0.1)
        missing = list(examine(patient))[-1]
        tasks = [{"id": 0, "state": "FAILED", "trace": "Boom: it broke\n\tat x"}]
        body = {"connector": {"state": "RUNNING"}, "tasks": tasks}
        worker.answers["GET /connectors/strangler-outbox/status"] = [(200, body)]
        connector, task = list(examine(patient))[-2:]
    assert (missing.severity, "`manage.py debezium apply`" in missing.what) == (CRITICAL, True)
    assert connector.severity is OK
    assert (task.severity, "task 0 of strangler-outbox is FAILED: Boom: it broke" in task.what) == (CRITICAL, True)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 * 1024**4, "5120.0 GiB")]
)
def test_sizes_read_well(count: float, text: str) -> None:
    assert size(count) == text


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _configured(self, slot: CdcSettings, settings: object) -> None:
        cdc = {name.upper(): value for name, value in slot.model_dump().items()}
        settings.STRANGLER = {**settings.STRANGLER, "RELAY": "server", "CDC": cdc}  # type: ignore[attr-defined]

    @pytest.mark.parametrize("words", [["cdc_doctor"], ["debezium", "doctor"]], ids=" ".join)
    def test_it_exits_1_when_something_is_critical_and_says_what_to_do(self, words: list[str]) -> None:
        output = io.StringIO()
        with pytest.raises(CommandError, match="critical: slot") as raised:
            call_command(*words, stdout=output)
        assert raised.value.returncode == 1
        assert "-> start Debezium Server" in output.getvalue()

    def test_it_exits_0_when_all_is_well_and_has_json_for_machines(
        self, superuser: psycopg.Connection, slot: CdcSettings
    ) -> None:
        output = io.StringIO()
        with confirming(superuser, slot):
            call_command("cdc_doctor", "--json", stdout=output)
        findings = json.loads(output.getvalue())
        assert {each["severity"] for each in findings} == {"ok"}
        assert {"topic", "severity", "what", "figure", "unit", "remedy", "recoverable"} == findings[0].keys()

    def test_it_recovers_nothing_from_a_slot_that_is_there(self) -> None:
        with pytest.raises(CommandError, match=r"nothing to recover.*SELECT pg_drop_replication_slot"):
            call_command("cdc_doctor", "--recover", stdout=io.StringIO())
