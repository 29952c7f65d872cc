"""What a service answers over HTTP: to the monolith only, within bounds, and a bad question by the field at fault."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from strangler.cutover.parity.questions import CUTS_OF_A_SPAN, KEYS_AT_ONCE, SPANS_AT_ONCE
from strangler.errors import ConfigurationError, ParityError, ServiceUnavailable
from tests.unit.cutover.two_sides import TwoSides, outcome_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sides() -> TwoSides:
    sides = TwoSides()
    sides.generate(20)
    return sides


def ask(sides: TwoSides, body: object, path: str = "parity/effects") -> httpx.Response:
    return sides.service.ask(path, body)


def test_a_service_without_an_outbox_answers(sides: TwoSides) -> None:
    assert ask(sides, {"ask": "shape"}).json() == {
        "key": "thing",
        "columns": {"consumer_group": "text", "step": "number", "thing": "text"},
    }
    (span,) = ask(sides, {"ask": "sums", "spans": [{"cuts": ["S-0000005"], "end": "S-0000010"}]}).json()
    assert [rows for rows, _ in span] == [4, 5]
    (cuts,) = ask(sides, {"ask": "split", "spans": [{}], "pieces": 2}).json()
    assert [(start, rows) for start, rows, _ in cuts] == [("S-0000001", 10), ("S-0000011", 10)]
    digests = dict(ask(sides, {"ask": "digests", "spans": [{"start": "S-0000019"}]}).json())
    assert digests.keys() == {"S-0000019", "S-0000020"}
    assert ask(sides, {"ask": "look", "keys": ["S-0000019", "no"]}).json() == [["S-0000019", digests["S-0000019"]]]
    assert ask(sides, {"ask": "read", "keys": ["S-0000019"]}).json() == [["S-0000019", ["sample", "19", "S-0000019"]]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "the question: Invalid JSON"),
        ([], "the question: "),
        ({"spans": [{}]}, "the question: Unable to extract tag"),
        ({"ask": "everything"}, "the question: .*'shape', 'sums', 'split', 'digests', 'look', 'read'"),
        ({"ask": "digests"}, "spans: Field required"),
        ({"ask": "digests", "spans": []}, "spans: "),
        (
            {"ask": "digests", "spans": [{"start": f"{n:03}", "end": f"{n:03}a"} for n in range(SPANS_AT_ONCE + 1)]},
            "spans: ",
        ),
        ({"ask": "digests", "spans": [{"start": 1}]}, "spans.0.start: Input should be a valid string"),
        ({"ask": "digests", "spans": [{"start": "x" * 1_001}]}, "spans.0.start: "),
        ({"ask": "digests", "spans": [{"start": "a\x00"}]}, "spans.0.start: .*NUL"),
        ({"ask": "digests", "spans": [{"begin": "a"}]}, "spans.0.begin: Extra inputs"),
        ({"ask": "digests", "spans": [{}, {"start": "a"}]}, "spans.0.end: only the last"),
        ({"ask": "digests", "spans": [{"end": "a"}, {"end": "b"}]}, "spans.1.start: only the first"),
        ({"ask": "digests", "spans": [{"start": "b", "end": "a"}]}, "spans.0.end: 'a' does not come after 'b'"),
        ({"ask": "digests", "spans": [{"end": "b"}, {"start": "a"}]}, "spans.1.start: 'a' does not come after 'b'"),
        ({"ask": "sums", "spans": [{"cuts": ["b", "a"]}]}, "spans.0.cuts.1: 'a' does not come after 'b'"),
        ({"ask": "sums", "spans": [{"cuts": ["a", "a"]}]}, "spans.0.cuts.1: "),
        ({"ask": "sums", "spans": [{"cuts": [f"{n:03}" for n in range(CUTS_OF_A_SPAN + 1)]}]}, "spans.0.cuts: "),
        ({"ask": "split", "spans": [{}], "pieces": 10**9}, "pieces: "),
        ({"ask": "look", "keys": []}, "keys: "),
        ({"ask": "look", "keys": ["a"] * (KEYS_AT_ONCE + 1)}, "keys: "),
        ({"ask": "read", "keys": ["a", None]}, "keys.1: "),
    ],
)
def test_a_bad_question_is_refused_by_the_field_at_fault(sides: TwoSides, body: Any, said: str) -> None:
    headers = {"Authorization": f"Bearer {sides.service.token}"}
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    answer = httpx.post(f"{sides.service.url}parity/effects", headers=headers, **sent)
    assert answer.status_code == 400
    assert re.match(said, answer.json()["error"], re.DOTALL)


@pytest.mark.parametrize("key", ["a", "", "007", "1_000", " 1", "1.0", "٣", str(2**63), "1; DROP TABLE sample_effect"])
def test_a_key_that_is_none_of_its_type_is_refused(sides: TwoSides, key: str) -> None:
    for body, place in (
        ({"ask": "digests", "spans": [{"start": key}]}, "spans.0.start"),
        ({"ask": "look", "keys": ["1", key]}, "keys.1"),
    ):
        answer = ask(sides, body, "parity/numbered")
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"{place}: no key of type bigint")


@pytest.mark.parametrize("key", ["'", "%s", "%", "{}", "\\", "'; DROP TABLE sample_effect; --"])
def test_a_key_is_data_and_nothing_else(sides: TwoSides, key: str) -> None:
    assert ask(sides, {"ask": "look", "keys": [key]}).json() == []
    assert ask(sides, {"ask": "sums", "spans": [{"start": key, "end": key + "x"}]}).status_code == 200


def test_no_question_reads_a_whole_table(sides: TwoSides) -> None:
    sides.generate(20_000)
    sides.copy("DELETE FROM sample_effect WHERE id <= 20")
    answer = ask(sides, {"ask": "digests", "spans": [{}]})
    assert answer.status_code == 422
    assert "more than 10,000 rows" in answer.json()["error"]


def test_only_the_monolith_is_answered(sides: TwoSides) -> None:
    assert sides.service.ask("parity/effects", {"ask": "shape"}, token="-").status_code == 403
    assert sides.service.ask("parity/effects", {"ask": "shape"}, token="other").status_code == 403
    assert sides.service.ask("parity/unknown", {"ask": "shape"}, token="other").status_code == 403
    url, headers = f"{sides.service.url}parity/effects", {"Authorization": f"Bearer {sides.service.token}"}
    assert httpx.get(url, headers=headers).status_code == 405


# --- what the monolith makes of refusals


def services(settings: Any, **changes: Any) -> None:
    known = {**TwoSides().settings, **changes}
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": known, "misfits": known}}


def test_a_service_that_is_not_there(settings: Any) -> None:
    services(settings, URL="http://127.0.0.1:9/strangler/")
    with pytest.raises(ServiceUnavailable, match=r'does not answer.*Start the service.*\["sample"\]\["URL"\]'):
        outcome_of()


def test_a_service_with_another_token(settings: Any) -> None:
    services(settings, TOKEN="other")
    with pytest.raises(ServiceUnavailable, match=r'403.*\["sample"\]\["TOKEN"\].*SERVICE_TOKEN'):
        outcome_of()


def test_a_service_of_which_nothing_is_known(settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {}}
    with pytest.raises(ConfigurationError, match=r'\["sample"\]\["URL"\] is empty'):
        outcome_of()


def test_a_service_that_has_no_such_copy(settings: Any) -> None:
    services(settings)
    with pytest.raises(ServiceUnavailable, match=r"404.*'untold'.*known: .*effects.*@parity_copy\(\"untold\""):
        outcome_of("untold", context="misfits")


def test_a_url_below_which_there_is_something_else(settings: Any) -> None:
    services(settings, URL=TwoSides().service.url.replace("strangler", "elsewhere"))
    with pytest.raises(ServiceUnavailable, match=r"404.*include strangler\.cutover\.service\.urls"):
        outcome_of()


def test_columns_that_do_not_fit_are_named_before_anything_is_read(settings: Any) -> None:
    services(settings)
    with pytest.raises(ParityError, match="does not fit the service's") as refusal:
        outcome_of("fits_not", context="misfits")
    for fault in (
        "step is only in the monolith",
        "number is only in the service",
        "word is text in the monolith and number in the service",
        "the key is word in the monolith and number in the service",
    ):
        assert fault in str(refusal.value)


def test_what_the_service_cannot_compare_is_said_by_it(settings: Any) -> None:
    services(settings)
    with pytest.raises(ServiceUnavailable, match=r"422.*column 'rough' is float8"):
        outcome_of("floats", context="misfits")
