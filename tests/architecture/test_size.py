"""Small files (seldom over 250 lines, never over 300), small functions: what one can read in one sitting."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    path.relative_to(ROOT)
    for package in ("strangler", "monolith", "extracted", "devstack")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]


def test_files_and_functions_stay_small() -> None:
    too_long = [f"{file}: {count} lines" for file in FILES if (count := len(_source(file).splitlines())) > 300]
    for file in FILES:
        functions = (n for n in ast.walk(ast.parse(_source(file))) if isinstance(n, ast.FunctionDef))
        too_long += [f"{file}: {f.name} has {_length(f)} lines" for f in functions if _length(f) > 40]
    assert too_long == []


def _source(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _length(function: ast.FunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1
