"""The monolith answers, the service is asked beside the request, and what differs is kept: both answers, by cause."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from strangler.cutover import Fallback, Rules, Shadow, capability, router
from strangler.cutover.models import ShadowCause, ShadowMismatch, ShadowTally
from strangler.cutover.router import Capability
from strangler.cutover.shadow import run, store
from strangler.cutover.shadow.comparing import Finding
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

NAME = f"{__name__}.capability_under_test.<locals>.sales_of"


class Service:
    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.open = threading.Event()
        self.open.set()
        self.asked = 0

    def sales_of(self, day: str) -> Any:
        self.asked += 1
        assert self.open.wait(60)
        answer = self.answers.get(day, {"total": Decimal(10), "at": "service"})
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def _in_shadow(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"reporting": "shadow"}}
    monkeypatch.setattr(router, "capabilities", [])


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.open.set()


def capability_under_test(service: Service, shadow: Shadow, fallback: Fallback | None = None) -> Capability[[str], Any]:
    @capability("reporting", key=lambda day: day, shadow=shadow, fallback=fallback)
    def sales_of(day: str) -> Any:
        if day == "never":
            raise LookupError(day)
        return {"total": Decimal(10), "at": "monolith"}

    @sales_of.extracted
    def ask(day: str) -> Any:
        return service.sales_of(day)

    return sales_of


def shadow(**options: Any) -> Shadow:
    return Shadow(Rules(ignore=("at",)), **{"grace": 0, **options})


def tally(comparisons: int) -> ShadowTally:
    """Once so many comparisons are noted."""
    until(lambda: ShadowTally.objects.filter(capability=NAME, comparisons__gte=comparisons), "the tally")
    return ShadowTally.objects.get(capability=NAME)


def test_both_answer_one_is_used_and_what_differs_is_kept_by_cause(service: Service) -> None:
    service.answers["tuesday"] = {"total": Decimal(11), "at": "service"}
    sales_of = capability_under_test(service, shadow())
    days = ["monday", "tuesday", "tuesday", "wednesday"]
    assert [sales_of(day)["at"] for day in days] == ["monolith"] * 4
    found = tally(4)
    assert (found.comparisons, found.mismatches, found.dropped) == (4, 2, 0)
    (cause,) = ShadowCause.objects.all()
    assert (cause.capability, cause.cause, cause.count) == (NAME, "total", 2)
    example = cause.examples.first()
    assert example is not None
    assert example.arguments == "'tuesday'"
    assert json.loads(example.monolith) == {"total": "10", "at": "monolith"}
    assert json.loads(example.service) == {"total": "11", "at": "service"}


def test_an_error_of_the_service_is_a_mismatch_and_never_the_users(service: Service) -> None:
    service.answers["monday"] = TimeoutError("no answer")
    assert capability_under_test(service, shadow())("monday")["at"] == "monolith"
    assert tally(1).mismatches == 1
    assert json.loads(ShadowMismatch.objects.get().service) == {"raised": "TimeoutError"}


def test_where_both_refuse_for_the_same_reason_they_agree(service: Service) -> None:
    service.answers["never"] = LookupError("never")
    with pytest.raises(LookupError):
        capability_under_test(service, shadow())("never")
    assert tally(1).mismatches == 0


def test_a_service_that_hangs_costs_the_user_nothing_and_what_finds_no_place_is_counted(service: Service) -> None:
    sales_of = capability_under_test(service, shadow())
    service.open.clear()
    calls = run.QUEUED_AT_MOST + 2 * run.THREADS * run.RECORDED_AT_ONCE + 20
    started = time.monotonic()
    for _ in range(calls):
        assert sales_of("monday")["at"] == "monolith"
    assert time.monotonic() - started < 10, "somebody waited for the service"
    assert service.asked <= run.THREADS
    service.open.set()
    until(lambda: sum(ShadowTally.objects.values_list("comparisons", "dropped").first() or ()) == calls, "every call")
    assert ShadowTally.objects.get().dropped >= 20


def test_what_the_caller_does_with_his_answer_is_not_compared(service: Service) -> None:
    service.open.clear()
    capability_under_test(service, shadow())("monday").clear()
    service.open.set()
    assert tally(1).mismatches == 0


def test_a_service_that_learns_a_moment_later_is_asked_again(service: Service) -> None:
    service.answers["monday"] = {"total": Decimal(9)}
    sales_of = capability_under_test(service, shadow(grace=0.5))
    sales_of("monday")
    until(lambda: service.asked == 1, "the first question")
    del service.answers["monday"]
    assert tally(1).mismatches == 0
    assert service.asked == 2


def test_what_changes_all_the_time_is_no_mismatch_until_it_stands_still(service: Service) -> None:
    sold = iter(range(100))

    @capability("reporting", key=lambda: "", shadow=shadow(grace=0.01))
    def sold_today() -> int:
        return next(sold)

    @sold_today.extracted
    def ask() -> int:
        return -1

    name = sold_today.name
    for _ in range(3):
        sold_today()
    until(lambda: ShadowTally.objects.filter(capability=name, unsettled=3).exists(), "three of them to be noted")
    found = ShadowTally.objects.get(capability=name)
    assert (found.comparisons, found.mismatches, found.clean_run) == (0, 0, 0)


def test_a_sample_is_a_share_of_the_calls(service: Service) -> None:
    none, all_ = capability_under_test(service, shadow(sample=0)), capability_under_test(service, shadow())
    for _ in range(20):
        none("monday")
    all_("monday")
    assert tally(1).comparisons == 1
    assert service.asked == 1


def test_a_normaliser_that_fails_does_not_reach_the_user(service: Service) -> None:
    def fails(_: Any) -> Any:
        raise ZeroDivisionError

    sales_of = capability_under_test(service, Shadow(Rules(normalise=fails)))
    assert sales_of("monday")["at"] == "monolith"
    assert service.asked == 0


@pytest.mark.parametrize("stage", ["monolith", "emitting", "canary:0"])
def test_only_at_shadow_is_the_service_asked_too(settings: Any, service: Service, stage: str) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"reporting": stage}}
    under_test = shadow()
    capability_under_test(service, under_test)("monday")
    assert under_test._threads == []
    assert service.asked == 0


def finding(cause: str, arguments: str = "") -> Finding:
    return Finding(NAME, arguments, {"is": "\x00"}, None, cause)


def test_the_clean_run_begins_anew_after_each_mismatch() -> None:
    store.record([finding("")] * 5)
    assert ShadowTally.objects.get().clean_run == 5
    store.record([finding(""), finding("total"), finding(""), finding("")], dropped=3)
    found = ShadowTally.objects.get()
    assert (found.comparisons, found.mismatches, found.clean_run, found.dropped) == (9, 1, 2, 3)
    store.record([finding("")] * 4)
    assert ShadowTally.objects.get().clean_run == 6


def test_of_each_cause_only_the_latest_examples_stay() -> None:
    store.record([finding("a", str(n)) for n in range(30)] + [finding("b")])
    store.record([finding("a", "last")])
    a, b = ShadowCause.objects.order_by("cause")
    assert (a.count, a.examples.count(), a.examples.first().arguments) == (31, store.EXAMPLES_OF_A_CAUSE, "last")
    assert (b.count, b.examples.count()) == (1, 1)


def test_the_admin_shows_causes_with_both_answers_and_takes_no_changes(admin_client: Client) -> None:
    store.record([finding("total", "'monday'")])
    cause = ShadowCause.objects.get()
    assert "total" in admin_client.get("/admin/strangler_cutover/shadowcause/").content.decode()
    page = admin_client.get(f"/admin/strangler_cutover/shadowcause/{cause.pk}/change/").content.decode()
    assert "&#x27;monday&#x27;" in page
    assert 'name="_save"' not in page
    assert admin_client.get("/admin/strangler_cutover/shadowtally/").status_code == 200
    assert admin_client.get("/admin/strangler_cutover/shadowtally/add/").status_code == 403


def test_a_database_that_is_away_costs_these_findings_and_no_others(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales_of = capability_under_test(service, shadow())
    record, failed = store.record, threading.Event()

    def once_away(*args: Any, **kwargs: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise OperationalError("away")
        record(*args, **kwargs)

    monkeypatch.setattr(store, "record", once_away)
    sales_of("monday")
    assert failed.wait(60)
    sales_of("monday")
    assert tally(1).comparisons >= 1
