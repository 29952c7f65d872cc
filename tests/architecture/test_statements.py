"""What no statement of ours may do, whatever PostgreSQL's planner makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("strangler", "monolith", "extracted")
_IN = re.compile(r"\bIN \((?=\s*SELECT\b)")


def test_a_bound_on_locked_rows_is_in_a_materialized_subquery() -> None:
    """Within IN (…) it may be run again for each row of a join, and lock and take more than it says."""
    found = [
        f"{path.relative_to(ROOT)}: {inner[:80]}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for inner in subqueries(path.read_text(encoding="utf-8"))
        if "LIMIT" in inner and "FOR UPDATE" in inner
    ]
    assert found == []


def test_such_a_bound_is_found() -> None:
    text = "DELETE FROM t WHERE id IN (\n SELECT id FROM t WHERE f(id) LIMIT %s FOR UPDATE SKIP LOCKED) AND x"
    assert [inner.split()[-1] for inner in subqueries(text)] == ["LOCKED"]


def subqueries(text: str) -> Iterator[str]:
    """What stands in each `IN (SELECT …)`."""
    for match in _IN.finditer(text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text[match.end() : end - 1]
