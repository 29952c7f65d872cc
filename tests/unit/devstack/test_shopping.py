"""Customers of guide 8: who starts them without a shop is told what is missing. That they buy is shown by the guide."""

import threading
from pathlib import Path

import pytest

from devstack import up
from devstack.tours.inventory import shopping


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "the environment variable ADDRESS is not set: source .local/up/shop.env"),
        ({"ADDRESS": "127.0.0.1:9"}, "the environment variable ADMIN_PASSWORD is not set"),
        ({"ADDRESS": "127.0.0.1:9", "ADMIN_PASSWORD": "x"}, "no PostgreSQL runs in"),
    ],
)
def test_what_is_missing_is_named_with_the_way_out(
    known: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(up, "FOLDER", tmp_path)
    monkeypatch.setattr(shopping, "set_on_signals", threading.Event)
    for name in ("ADDRESS", "ADMIN_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    assert shopping.main() == 1
    assert said in capsys.readouterr().out
