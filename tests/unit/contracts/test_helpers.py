"""The lines that a project's own suite has of `strangler.testing.contracts`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from strangler.contracts.files import as_json, write
from strangler.inbox.subscriptions import Subscription
from strangler.messaging import Event, upcasters
from strangler.testing import contracts
from tests.unit.contracts.planted import TEXT, event


class Told(Event, type="readers.told", version=3, key="number"):
    number: str
    total: int


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All three versions are published, and somebody reads the last."""
    monkeypatch.setattr(contracts, "subscriptions", [Subscription("mailing", Told, print)])
    monkeypatch.setattr(upcasters, "_upcasters", {})
    for version, example in ((1, {"number": "1"}), (2, {"number": "1", "sum": "5"}), (3, {"number": "1", "total": 5})):
        planted = event("readers.told", version, sum=TEXT)
        write(tmp_path, {planted.path: as_json({**planted.schema, "examples": [example]})})
    return tmp_path


def lift(version: int, function: Any) -> None:
    upcasters.upcaster("readers.told", from_version=version)(function)


def test_all_versions_are_lifted_and_read(reading: Path) -> None:
    lift(1, lambda data: {**data, "sum": "0"})
    lift(2, lambda data: {"number": data["number"], "total": int(data["sum"])})
    contracts.assert_old_versions_are_readable(reading)


def test_a_gap_and_an_upcaster_that_fails_are_named_with_the_reader(reading: Path) -> None:
    with pytest.raises(AssertionError, match=r"builtins\.print reads readers\.told\.v3.*told\.v1 is not.*no upcaster"):
        contracts.assert_old_versions_are_readable(reading)
    lift(1, lambda data: data)
    lift(2, lambda data: {"number": data["number"], "total": int(data["sum"])})
    with pytest.raises(AssertionError, match=r"told\.v1 is not lifted to it: KeyError: 'sum'$"):
        contracts.assert_old_versions_are_readable(reading)


def test_contracts_that_are_out_of_date_are_told_and_left_as_they_are(tmp_path: Path) -> None:
    call_command("contracts", "export", "--to", str(tmp_path), stdout=io.StringIO())
    contracts.assert_contracts_are_current(tmp_path)
    page = tmp_path / "index.html"
    page.write_text("old")
    with pytest.raises(AssertionError, match=r"1 files in .* are out of date: run `manage\.py contracts export"):
        contracts.assert_contracts_are_current(tmp_path)
    assert page.read_text() == "old"
