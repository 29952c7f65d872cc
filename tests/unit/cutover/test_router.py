"""One of two implementations answers: by stage, by key, and the monolith where the service cannot and may be helped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from strangler.cutover import Fallback, capability, monolith_serves, router
from strangler.cutover.router import Capability
from strangler.errors import CapabilityError

Stock = Capability[[str], str]


class Service:
    """What the extracted implementation asks. `says` may be an error."""

    def __init__(self) -> None:
        self.says: str | Exception = "service"
        self.asked = 0

    def answer(self) -> str:
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.fixture(autouse=True)
def _forget_capabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "capabilities", [])
    monkeypatch.setattr("strangler.cutover.checks.capabilities", router.capabilities)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Decisions by side and reason."""
    seen: Counter[tuple[str, str]] = Counter()

    class Counting:
        def add(self, amount: int, attributes: dict[str, str]) -> None:
            assert attributes["context"] == "inventory"
            assert attributes["capability"].endswith("stock_of")
            seen[str(attributes["side"]), str(attributes["reason"])] += amount

    monkeypatch.setattr(router, "decisions", Counting())
    return seen


@pytest.fixture
def service() -> Service:
    return Service()


def stock(service: Service | None, *, fallback: Fallback | None = None) -> Stock:
    @capability("inventory", key=lambda sku: sku, fallback=fallback)
    def stock_of(sku: str) -> str:
        return "monolith"

    if service:

        @stock_of.extracted
        def ask(sku: str) -> str:
            return service.answer()

    return stock_of


@pytest.fixture
def stage(settings: Any) -> Callable[[str], None]:
    def put(value: str) -> None:
        settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"inventory": value}}

    return put


@pytest.mark.parametrize(
    ("value", "side"),
    [
        *(("monolith", "monolith"), ("emitting", "monolith"), ("shadow", "monolith")),
        *(("extracted", "service"), ("retired", "service")),
    ],
)
def test_the_stage_says_who_answers(
    service: Service, stage: Callable[[str], None], counted: Counter[tuple[str, str]], value: str, side: str
) -> None:
    stage(value)
    assert stock(service)("MUG") == side
    assert counted == {("monolith" if side == "monolith" else "extracted", "stage"): 1}


def test_a_canary_answers_for_the_keys_whose_events_the_service_has_too(
    service: Service, stage: Callable[[str], None], counted: Counter[tuple[str, str]]
) -> None:
    stage("canary:30")
    asked, skus = stock(service), [f"sku-{n}" for n in range(300)]
    by_service = {sku for sku in skus if asked(sku) == "service"}
    assert by_service == {sku for sku in skus if not monolith_serves("inventory", key=sku)}
    assert counted == {("extracted", "canary"): len(by_service), ("monolith", "canary"): 300 - len(by_service)}


def test_without_a_fallback_the_caller_hears_of_it(service: Service, stage: Callable[[str], None]) -> None:
    stage("extracted")
    service.says = TimeoutError("no answer")
    with pytest.raises(TimeoutError, match="no answer"):
        stock(service)("MUG")


def test_a_service_that_cannot_answer_is_helped_and_soon_left_alone(
    service: Service, stage: Callable[[str], None], counted: Counter[tuple[str, str]]
) -> None:
    stage("extracted")
    service.says = TimeoutError("no answer")
    asked = stock(service, fallback=Fallback(TimeoutError, failures=3, rest=60))
    assert [asked("MUG") for _ in range(10)] == ["monolith"] * 10
    assert service.asked == 3
    assert counted == {("monolith", "error"): 3, ("monolith", "open_circuit"): 7}


def test_it_is_asked_again_after_its_rest(service: Service, stage: Callable[[str], None]) -> None:
    stage("extracted")
    service.says = TimeoutError("no answer")
    asked = stock(service, fallback=Fallback(TimeoutError, failures=1, rest=0))
    assert asked("MUG") == "monolith"
    service.says = "service"
    assert [asked("MUG"), asked("MUG")] == ["service", "service"]


def test_an_error_that_is_the_callers_is_no_reason_to_ask_the_monolith_nor_to_open_the_circuit(
    service: Service, stage: Callable[[str], None]
) -> None:
    stage("extracted")
    service.says = LookupError("no such sku")
    asked = stock(service, fallback=Fallback(TimeoutError, failures=1))
    for _ in range(3):
        with pytest.raises(LookupError):
            asked("MUG")
    assert service.asked == 3


def test_at_retired_there_is_nobody_at_home(service: Service, stage: Callable[[str], None]) -> None:
    stage("retired")
    service.says = TimeoutError("no answer")
    with pytest.raises(TimeoutError):
        stock(service, fallback=Fallback(TimeoutError))("MUG")


def test_both_sides_take_the_same() -> None:
    asked = stock(None)
    with pytest.raises(CapabilityError, match=r"takes \(sku, at=None\), but .*stock_of, which it .*, takes \(sku\)"):

        @asked.extracted  # type: ignore[arg-type]
        def ask(sku: str, at: str | None = None) -> str:
            return "service"


def test_one_extracted_implementation_is_enough(service: Service) -> None:
    with pytest.raises(CapabilityError, match="two extracted implementations"):
        stock(service).extracted(lambda sku: "another")


@pytest.mark.parametrize("value", ["canary:0", "extracted", "retired"])
def test_half_a_capability_is_found_at_start_up(stage: Callable[[str], None], value: str) -> None:
    asked = stock(None)
    stage(value)
    with pytest.raises(SystemCheckError, match=rf"E304\) inventory={value}: .*stock_of has no extracted"):
        call_command("check")
    if value != "canary:0":
        with pytest.raises(CapabilityError, match=r"@stock_of\.extracted"):
            asked("MUG")


def test_a_whole_capability_passes_and_half_of_one_may_wait_until_canary(
    service: Service, stage: Callable[[str], None]
) -> None:
    stock(None)
    stage("shadow")
    call_command("check")
    router.capabilities.clear()
    stock(service)
    stage("retired")
    call_command("check")


def test_a_context_that_nobody_knows_is_refused(settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"inventroy": "shadow"}}
    with pytest.raises(SystemCheckError, match=r"E303\) inventroy=shadow: there is no context 'inventroy'"):
        call_command("check")


def test_a_context_that_only_a_capability_has_may_have_a_stage(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where reads move apart from the writes of their context."""
    monkeypatch.setattr("strangler.cutover.contexts.capabilities", router.capabilities)
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"stock_reads": "shadow"}}
    with pytest.raises(SystemCheckError, match="E303"):
        call_command("check")
    capability("stock_reads", key=lambda sku: sku)(lambda sku: sku)
    call_command("check")
