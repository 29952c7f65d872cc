"""`manage.py parity`: what it says, and what it keeps for the gates."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from strangler.cutover.models import ParityReport
from strangler.cutover.parity import latest_parity
from strangler.cutover.parity.comparing import Outcome
from strangler.cutover.parity.store import record
from tests.unit.cutover.two_sides import TwoSides

pytestmark = pytest.mark.django_db

Run = Callable[..., str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def sides(settings: Any) -> TwoSides:
    sides = TwoSides()
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": sides.settings}}
    return sides


@pytest.fixture
def run(sides: TwoSides) -> Run:
    def run(*arguments: str, output: io.StringIO | None = None) -> str:
        """What it wrote, with the error that it ended with."""
        output = output or io.StringIO()
        try:
            call_command("parity", *arguments, "--grace", "0", stdout=output)
        except CommandError as error:
            output.write(f"CommandError {error.returncode}: {error}")
        return output.getvalue()

    return run


def test_equal_sides_end_well(sides: TwoSides, run: Run) -> None:
    sides.generate(200)
    said = run("sample", "effects")
    assert "sample.effects: 200 rows compared, no mismatches, 0 in flight\n  2 requests, " in said
    assert "CommandError" not in said


def test_without_names_all_of_a_context_is_compared(sides: TwoSides, run: Run) -> None:
    said = run("sample")
    assert [report.name for report in latest_parity("sample")] == ["effects", "numbered"]
    assert said.index("sample.effects") < said.index("sample.numbered")


def test_mismatches_are_shown_and_end_in_an_error(sides: TwoSides, run: Run) -> None:
    sides.fill({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 20, "d": 4})
    said = run("sample", "effects")
    for line in (
        "3 rows compared, 3 mismatches (1 different, 1 missing in the service, 1 extra in the service), 0 in flight\n",
        "different: b: step is '2' in the monolith and '20' in the service\n",
        "missing in the service: c: consumer_group 'sample', step '3', thing 'c'\n",
        "extra in the service: d: consumer_group 'sample', step '4', thing 'd'\n",
        "--repair tells again, by events, the rows that differ or are missing\n",
        "only in the service: d: no event tells of what is not there.",
        "CommandError 1: sample: 3 mismatches",
    ):
        assert line in said


def test_more_mismatches_than_anybody_wants_to_read(sides: TwoSides, run: Run) -> None:
    sides.fill({f"thing-{number:03}": number for number in range(300)}, {})
    said = run("sample", "effects", "--limit", "100")
    assert "100 missing in the service" in said
    assert "more differences than --limit" in said
    assert "manage.py backfill" in said
    assert said.count("missing in the service: ") == 10
    assert said.endswith("sample: 100 mismatches or more")
    assert ParityReport.objects.get().complete is False


def test_progress_is_one_line_on_a_terminal_and_few_elsewhere(sides: TwoSides, run: Run) -> None:
    sides.generate(130_000)
    sides.monolith("ANALYZE sample_effect")
    on_a_terminal = run("sample", "effects", output=Terminal())
    assert "\r\x1b[Ksample.effects: 64,000 of about 130,000 rows, 49%" in on_a_terminal
    assert "\r\x1b[K" in on_a_terminal.partition("130,000 rows compared")[0]
    elsewhere = run("sample", "effects")
    assert "sample.effects: 64,000 of about 130,000 rows, 49%\n" in elsewhere
    assert "\r" not in elsewhere
    assert len(elsewhere.splitlines()) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nothing is declared to be compared with 'nowhere' (contexts with @parity: copies, "),
        (["sample", "effects", "nothing"], "sample has no parity nothing (it has effects, numbered)"),
        (["sample", "--limit", "0"], "--limit 0: give a whole number from 1"),
        (["misfits", "untold", "--repair"], "names no backfill="),
        (["sample", "effects", "--repair"], "names backfill 'sample.effects', which there is not (known: "),
        (["misfits", "untold"], 'STRANGLER["SERVICES"]["misfits"]["URL"] is empty'),
    ],
)
def test_a_mistake_is_named(run: Run, arguments: list[str], said: str) -> None:
    assert said in run(*arguments)
    assert not ParityReport.objects.exists()


def test_a_grace_below_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="--grace -1"):
        call_command("parity", "sample", "--grace", "-1")


# --- what is kept


def test_clean_runs_are_counted_until_one_is_not(sides: TwoSides, run: Run) -> None:
    sides.fill({"a": 1}, {"a": 1})
    run("sample", "effects")
    run("sample", "effects")
    second, first = ParityReport.objects.all()
    assert (first.clean_runs, second.clean_runs) == (1, 2)
    assert second.clean_since == first.clean_since == first.checked_at
    sides.copy("UPDATE sample_effect SET step = 2")
    run("sample", "effects")
    (latest,) = latest_parity("sample")
    assert (latest.compared, latest.mismatches, latest.missing, latest.extra) == (1, 1, 0, 0)
    assert (latest.clean_runs, latest.clean_since) == (0, None)
    assert latest.examples == [{"kind": "different", "key": "a", "ours": {"step": "1"}, "theirs": {"step": "2"}}]
    sides.copy("UPDATE sample_effect SET step = 1")
    run("sample", "effects")
    (latest,) = latest_parity("sample")
    assert (latest.clean_runs, latest.clean_since) == (1, latest.checked_at)


def test_a_run_that_was_cut_short_is_not_clean_and_one_with_rows_in_flight_is() -> None:
    assert record("sample", "effects", Outcome(in_flight=["a"])).clean_runs == 1
    assert record("sample", "effects", Outcome(in_flight=["a"], complete=False)).clean_runs == 0


def test_the_runs_of_other_names_do_not_count(sides: TwoSides, run: Run) -> None:
    run("sample", "numbered")
    run("sample", "effects")
    assert [report.clean_runs for report in latest_parity("sample")] == [1, 1]
    assert latest_parity("orders") == []


def test_the_admin_shows_reports_and_takes_no_changes(sides: TwoSides, run: Run, admin_client: Client) -> None:
    sides.fill({"a": 1}, {"a": 2})
    run("sample", "effects")
    report = ParityReport.objects.get()
    assert "effects" in admin_client.get("/admin/strangler_cutover/parityreport/").content.decode()
    page = admin_client.get(f"/admin/strangler_cutover/parityreport/{report.pk}/change/").content.decode()
    assert "different" in page
    assert 'name="_save"' not in page
    assert admin_client.get("/admin/strangler_cutover/parityreport/add/").status_code == 403
    assert admin_client.get(f"/admin/strangler_cutover/parityreport/{report.pk}/delete/").status_code == 403
