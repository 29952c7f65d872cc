"""One name, two sides; each declared once."""

from __future__ import annotations

import pytest

from strangler.cutover import parity, parity_copy
from strangler.cutover.parity import declared
from strangler.errors import ParityError
from tests.sample.models import Effect


@pytest.fixture(autouse=True)
def _nothing_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "parities", {})
    monkeypatch.setattr(declared, "copies", {})


def rows() -> object:
    return Effect.objects.values("thing")


def other_rows() -> object:
    return Effect.objects.values("thing")


def test_a_name_is_declared_once_on_each_side_and_context() -> None:
    for _ in range(2):
        parity("sample", "things", key="thing")(rows)
        parity("other", "things", key="thing")(other_rows)
        parity_copy("things", key="thing")(rows)
    with pytest.raises(ParityError, match=r"parity 'things' \(.*other_rows\) and .*\.rows\) have the same name"):
        parity("sample", "things", key="thing")(other_rows)
    with pytest.raises(ParityError, match="rename one"):
        parity_copy("things", key="thing")(other_rows)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "../status"])
def test_a_name_is_part_of_a_url(name: str) -> None:
    with pytest.raises(ParityError, match="part of a URL"):
        parity("sample", name, key="thing")
    with pytest.raises(ParityError, match="part of a URL"):
        parity_copy(name, key="thing")
