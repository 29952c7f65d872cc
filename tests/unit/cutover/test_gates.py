"""Each gate holds a figure against its bound and says by how much it fails; what it cannot ask it does not pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from strangler.conf import Stage
from strangler.cutover import Shadow, capability, evidence, router
from strangler.cutover.evidence import Backfilled, Compared
from strangler.cutover.gates import Verdict, gate, own_gate, schemas, table
from strangler.cutover.gates.table import GATES, examine
from strangler.cutover.models import BackfillRun, ParityReport, ShadowTally
from strangler.cutover.service import report, status
from strangler.cutover.service.client import ServiceClient
from strangler.errors import ServiceUnavailable
from strangler.inbox.subscriptions import Subscription, Subscriptions
from strangler.messaging import Event, registry
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepTaken
from tests.support.gates import STEP, Service

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("strangler.cutover.service.urls")]


@pytest.fixture(autouse=True)
def _nothing_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "capabilities", [])
    monkeypatch.setattr(registry, "_classes", dict(registry._classes))
    monkeypatch.setattr(evidence, "compared", lambda context: [])


def verdict(gate: str, stage: Stage = Stage.CANARY, context: str = "reporting") -> Verdict:
    (found,) = [each for each in examine(context, stage) if each.gate == gate]
    assert bool(found.remedy) <= found.fails, "a remedy is for what fails"
    return found


# --- which gates stand where


def test_every_stage_but_the_first_has_gates() -> None:
    assert list(GATES) == list(Stage)[1:]
    assert [gate.name for gate in GATES[Stage.EMITTING]] == ["relay lag"]
    assert [gate.name for gate in GATES[Stage.CANARY]] == [
        *("relay lag", "schemas", "consumer lag", "dead letters"),
        *("backfill", "capabilities", "parity", "shadow"),
    ]


def test_a_context_without_a_service_is_told_what_does_not_apply_and_what_to_set(service: Service) -> None:
    service.configure(SERVICES={})
    lines = [str(each) for each in examine("notifications", Stage.CANARY)]
    where = 'STRANGLER["SERVICES"]["notifications"]["URL"] is empty'
    assert [line for line in lines if f"cannot be asked: {where}" in line] == lines[1:4]
    assert lines[4:] == [
        'backfill: not applicable: STRANGLER["SERVICES"]["notifications"]["BACKFILLS"] names none',
        "capabilities: not applicable: none is declared for notifications",
        "parity: not applicable: no @parity is declared for notifications",
        "shadow: not applicable: no capability of notifications declares shadow=",
    ]
    assert [each.passed for each in examine("notifications", Stage.CANARY)] == [True, *[False] * 3, *[None] * 4]


def test_a_service_that_does_not_answer_is_asked_once_and_fails_every_gate_that_needs_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.configure(known_as={"URL": "http://127.0.0.1:1"})
    asked: list[str] = []
    real = ServiceClient.get
    monkeypatch.setattr(ServiceClient, "get", lambda self, path: (asked.append(path), real(self, path))[1])
    said = [each for each in examine("reporting", Stage.RETIRED) if each.fails]
    assert [each.gate for each in said] == ["schemas", "consumer lag", "dead letters"]
    assert all("at http://127.0.0.1:1/status does not answer" in each.figure for each in said)
    assert asked == ["status"]


@pytest.mark.urls("tests.support.no_status")
def test_an_answer_that_is_no_status_is_named(service: Service) -> None:
    assert "answers what is no status of this kit" in verdict("dead letters").figure


def test_a_group_that_the_service_does_not_have_is_named(service: Service) -> None:
    service.configure(known_as={"GROUPS": ["sample", "invented"]})
    found = verdict("consumer lag")
    assert found.fails
    assert 'STRANGLER["SERVICES"]["reporting"]["GROUPS"] names invented, but the service has' in found.figure


# --- flow


def one_pending(**columns: Any) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="t", step=1))
    OutboxMessage.objects.update(**columns)


def test_relay_lag(service: Service) -> None:
    assert verdict("relay lag").figure == "the oldest of 0 in the outbox waits for 0 s, 0 refused"
    one_pending(created_at=timezone.now() - timedelta(seconds=90))
    found = verdict("relay lag")
    assert (found.passed, found.bound) == (False, "at most 60 s, 0 refused")
    assert found.figure.startswith("the oldest of 1 in the outbox waits for 9")
    assert "manage.py relay" in found.remedy
    service.configure(GATES={"MAX_RELAY_LAG": 120})
    assert verdict("relay lag").passed


def test_relay_lag_counts_what_the_broker_refused_however_young(service: Service) -> None:
    one_pending(last_error="no queue takes it", retry_at=timezone.now())
    assert verdict("relay lag").fails
    assert "1 refused" in verdict("relay lag").figure


@pytest.mark.parametrize("without", [{"RELAY": "none"}, {"BROKER_URL": ""}])
def test_relay_lag_where_nothing_leaves_the_outbox(service: Service, without: dict[str, str]) -> None:
    service.configure(**without)
    assert verdict("relay lag", Stage.EMITTING).figure.startswith("cannot be asked: nothing leaves the outbox")


def test_consumer_lag(service: Service) -> None:
    service.configure(GATES={"MAX_CONSUMER_BACKLOG": 5})
    service.let_wait(3)
    service.park("retrying", 2)
    assert verdict("consumer lag").passed
    service.park("retrying", 1)
    found = verdict("consumer lag")
    assert (found.passed, found.bound) == (False, "at most 5 messages")
    assert found.figure == "waiting for group sample: 6, 3 of them for another attempt"


def test_consumer_lag_asks_for_the_groups_in_the_settings_only(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading(monkeypatch, StepTaken, groups=("sample", "another"))
    service.configure(known_as={"GROUPS": []}, GATES={"MAX_CONSUMER_BACKLOG": 0})
    service.let_wait(1)
    assert verdict("consumer lag").fails
    service.configure(known_as={"GROUPS": ["another"]})
    assert verdict("consumer lag").passed


def test_a_service_without_handlers_is_not_up_to_date(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "subscriptions", Subscriptions())
    service.configure(known_as={"GROUPS": []})
    assert "has no handler" in verdict("consumer lag").figure


def test_dead_letters(service: Service) -> None:
    service.park("discarded", 3)
    assert verdict("dead letters").passed
    service.park("dead", 2)
    found = verdict("dead letters")
    assert (found.passed, found.figure, found.bound) == (False, "2 open in group sample", "0 open")
    assert "redrive" in found.remedy


# --- schemas


def reading(monkeypatch: pytest.MonkeyPatch, event: type[Event], groups: Sequence[str] = ("sample",)) -> None:
    """The service has one handler in each group, which takes `event`."""
    only = Subscriptions()
    for group in groups:
        only.add(Subscription(group, event, print))
    monkeypatch.setattr(status, "subscriptions", only)


def test_schemas(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fits(Event, type=STEP, key="thing"):
        thing: str
        note: str = ""

    class DoesNot(Event, type=STEP, key="thing"):
        thing: int
        weight: float

    reading(monkeypatch, Fits)
    assert str(verdict("schemas")) == "schemas: all 1 events fit (0 to mend)"
    reading(monkeypatch, DoesNot)
    assert verdict("schemas").figure == (
        "2 to mend: sample.step_taken.v1: weight: is missing; sample.step_taken.v1: thing: is string, read as integer"
    )
    assert "deploy a service" in verdict("schemas").remedy


def test_schemas_of_another_version(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Newer(Event, type=STEP, version=2, key="thing"):
        thing: str
        weight: float

    reading(monkeypatch, Newer)
    assert "sample.step_taken.v1: no upcaster of the service lifts it to v2" in verdict("schemas").figure
    monkeypatch.setattr("strangler.messaging.upcasters._upcasters", {(STEP, 1): dict})
    assert verdict("schemas").passed
    reading(monkeypatch, StepTaken)
    monkeypatch.setattr(schemas, "is_owned", lambda event: event is Newer)
    assert "sample.step_taken.v2: is newer than v1, which the service reads" in verdict("schemas").figure


def test_schemas_of_what_nobody_publishes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Invented(Event, type="sample.step_invented", key="thing"):
        thing: str

    class OfAnotherService(Event, type="elsewhere.thing_done", key="thing"):
        thing: str

    reading(monkeypatch, Invented)
    assert verdict("schemas").figure == "1 to mend: sample.step_invented: nobody here publishes it"
    reading(monkeypatch, OfAnotherService)
    assert verdict("schemas").passed is None


# --- data


def test_backfill(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "orders.orders": Backfilled(True, 10, 10),
        "orders.customers": Backfilled(False, 1_200, 5_000),
        "orders.coupons": Backfilled(False, 7, 7, is_old=True),
    }
    monkeypatch.setattr(evidence, "backfilled", lambda group, name: told.get(name, Backfilled(False)))
    service.configure(known_as={"BACKFILLS": ["orders.orders"]})
    assert str(verdict("backfill")) == "backfill: 1 of 1 complete (1 complete)"
    service.configure(known_as={"BACKFILLS": ["orders.orders", "orders.customers", "orders.returns"]})
    found = verdict("backfill")
    assert found.fails
    assert found.figure == (
        "orders.customers for group sample: 1,200 of 5,000 rows; orders.returns for group sample: not begun"
    )
    assert found.remedy == "manage.py backfill sample orders.customers; manage.py backfill sample orders.returns"
    service.configure(known_as={"BACKFILLS": ["orders.coupons"]})
    assert verdict("backfill").figure == "orders.coupons for group sample: told by an older version"


def test_a_backfill_for_nobody_is_a_mistake_in_the_settings(service: Service) -> None:
    service.configure(known_as={"BACKFILLS": ["orders.orders"], "GROUPS": []})
    assert 'STRANGLER["SERVICES"]["reporting"]["GROUPS"] is empty' in verdict("backfill").figure


def compared(monkeypatch: pytest.MonkeyPatch, rows: int, differences: int, hours: float = 0) -> None:
    report = Compared("orders", rows, differences, timedelta(hours=hours))
    monkeypatch.setattr(evidence, "compared", lambda context: [Compared("lines", 0, 0, timedelta()), report])


def test_parity(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    compared(monkeypatch, 12_345, 0, hours=3)
    assert str(verdict("parity")) == (
        "parity: 0 of 12,345 rows differ, as of 3 h ago (0 of at least 1, at most 24 h ago)"
    )
    assert verdict("parity").passed
    compared(monkeypatch, 12_345, 3)
    assert (verdict("parity").passed, verdict("parity").remedy) == (False, "manage.py parity reporting --repair")
    assert "3 of 12,345 rows differ, as of 0 s ago" in verdict("parity").figure
    compared(monkeypatch, 12_345, 0, hours=25)
    assert (verdict("parity").passed, verdict("parity").remedy) == (False, "manage.py parity reporting")
    compared(monkeypatch, 99, 0)
    service.configure(GATES={"MIN_PARITY_ROWS": 100})
    assert verdict("parity").fails
    compared(monkeypatch, 100, 0)
    assert verdict("parity").passed


def test_parity_that_was_never_looked_at_does_not_pass(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Compared("orders", 50, 0, timedelta()), Compared("returns")]
    monkeypatch.setattr(evidence, "compared", lambda context: found)
    assert verdict("parity").fails
    assert verdict("parity").figure == "never compared: returns"
    assert verdict("parity").remedy == "manage.py parity reporting"


def test_parity_that_stopped_looking_does_not_pass(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Compared("orders", 50, 0, timedelta(), complete=False), Compared("returns", 50, 0, timedelta())]
    monkeypatch.setattr(evidence, "compared", lambda context: found)
    assert verdict("parity").fails
    assert verdict("parity").figure == "cut short: orders"


def test_capabilities(service: Service) -> None:
    @capability("reporting", key=str)
    def sales_of(day: str) -> int:
        return 1

    found = verdict("capabilities")
    assert (found.passed, found.figure, found.bound) == (False, "0 of 1 have both sides", "1 of 1")
    assert "sales_of with @sales_of.extracted" in found.remedy
    sales_of.extracted(lambda day: 2)
    assert verdict("capabilities").passed


def test_shadow(service: Service) -> None:
    @capability("reporting", key=str, shadow=Shadow())
    def sales_of(day: str) -> int:
        return 1

    @capability("reporting", key=str)
    def never_compared(day: str) -> int:
        return 1

    found = verdict("shadow")
    assert (found.passed, found.bound) == (False, "at least 1,000")
    assert found.figure == f"0 comparisons of {sales_of.name} since its last mismatch"
    tally = {"comparisons": 5_000, "mismatches": 1, "unsettled": 0, "dropped": 0, "last_at": timezone.now()}
    ShadowTally.objects.create(capability=sales_of.name, clean_run=999, **tally)
    assert verdict("shadow").fails
    ShadowTally.objects.update(clean_run=1_000)
    assert verdict("shadow").passed
    service.configure(GATES={"MIN_SHADOW_COMPARISONS": 2_000})
    assert verdict("shadow").fails


def test_shadow_of_what_the_service_compares(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    clean: dict[str, int] = {"reservations": 999, "prices": 5_000}
    made = {name: lambda name=name: report.Compared(total=9_999, mismatches=1, clean_run=clean[name]) for name in clean}
    monkeypatch.setattr("strangler.cutover.service.status.comparisons_made", made)
    found = verdict("shadow")
    assert (found.passed, found.figure) == (False, "999 comparisons of reservations since its last mismatch")
    clean["reservations"] = 1_000
    assert verdict("shadow").passed


# --- what evidence reads of the other parts


def note_run(name: str, done: int, **fields: Any) -> None:
    now = timezone.now()
    common = {"group": "sample", "version": 1, "expected": 2, "started_at": now, "moved_at": now}
    BackfillRun.objects.create(**{**common, "name": name, "done": done, **fields})


def test_evidence_is_what_backfill_and_parity_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    note_run("orders.orders", 2, finished_at=timezone.now())
    note_run("catalog.products", 1)
    note_run("customers.customers", 3, finished_at=timezone.now(), version=2)
    assert evidence.backfilled("sample", "orders.orders") == (True, 2, 2, False)
    assert evidence.backfilled("sample", "catalog.products") == (False, 1, 2, False)
    assert evidence.backfilled("sample", "customers.customers") == (False, 3, 2, True)
    assert evidence.backfilled("sample", "shipping.returns") == (False, 0, None, False)
    figures = dict.fromkeys(("missing", "extra", "in_flight", "clean_runs", "requests", "bytes", "seconds"), 0)
    report = {"context": "reporting", "name": "orders", "checked_at": timezone.now()}
    ParityReport.objects.create(**figures, **report, compared=9, mismatches=7, complete=False)
    found = {each.name: each for each in evidence.compared("reporting")}
    assert found["orders"][:3] == ("orders", 9, 7)
    assert not found["orders"].complete
    assert timedelta() <= (found["orders"].age or timedelta(-1)) < timedelta(minutes=1)
    assert found["sales_by_day"] == Compared("sales_by_day")


# --- those of a project


def test_a_project_adds_gates_of_its_own_to_a_context(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "own_gates", [])
    monkeypatch.setattr(table, "own_gates", gate.own_gates)

    @own_gate("reporting", "settled", before=(Stage.CANARY,))
    def settled() -> Verdict:
        return Verdict(False, "3 rows are on their way", "0", "wait for them")

    found = verdict("settled")
    assert (found.fails, str(found), found.remedy) == (True, "settled: 3 rows are on their way (0)", "wait for them")
    assert not [each for each in examine("reporting", Stage.EXTRACTED) if each.gate == "settled"]
    assert not [each for each in examine("notifications", Stage.CANARY) if each.gate == "settled"]


def test_a_gate_of_a_project_that_cannot_be_asked_fails(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "own_gates", [])
    monkeypatch.setattr(table, "own_gates", gate.own_gates)

    @own_gate("reporting", "settled", before=(Stage.CANARY,))
    def settled() -> Verdict:
        raise ServiceUnavailable("nobody answers")

    assert str(verdict("settled")) == "settled: cannot be asked: nobody answers"
