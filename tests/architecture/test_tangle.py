"""The appendix on the tangle, the marks in the code and the exceptions from the import rules tell the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPENDIX = (ROOT / "migration_guides" / "appendix-the-tangle.md").read_text(encoding="utf-8")
LISTED = {f"monolith/{path}" for path in re.findall(r"`(\w+/\w+\.py)`", APPENDIX)}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
EXCEPTIONS = sorted(line for contract in CONTRACTS for line in contract.get("ignore_imports", []))


def marked() -> set[str]:
    files = (ROOT / "monolith").rglob("*.py")
    return {str(file.relative_to(ROOT)) for file in files if "Tangle: " in file.read_text(encoding="utf-8")}


def test_every_place_that_is_marked_is_in_the_appendix_and_the_other_way_round() -> None:
    assert marked() == LISTED


@pytest.mark.parametrize("exception", EXCEPTIONS)
def test_an_exception_from_the_import_rules_is_in_the_appendix(exception: str) -> None:
    assert f"`{exception}`" in APPENDIX


def test_the_appendix_lists_no_exception_that_is_gone() -> None:
    assert set(re.findall(r"`(monolith\.[\w.*]+ -> [\w.]+)`", APPENDIX)) == set(EXCEPTIONS)
