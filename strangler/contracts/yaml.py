"""Writes YAML, of what JSON can hold, so that a person can read it; reading is left to others.

A text that could be taken for something else is written as JSON has it, which YAML 1.2 has as well.
<https://yaml.org/spec/1.2.2/>
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./(-][A-Za-z0-9_./(),-]*)*")
_MEANS_SOMETHING = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def dump(document: dict[str, Any]) -> str:
    return "".join(f"{line}\n" for line in _mapping(document))


def _mapping(value: dict[str, Any]) -> Iterator[str]:
    for key, part in value.items():
        yield from _entry(f"{_text(key)}:", part, "  ")


def _sequence(value: list[Any]) -> Iterator[str]:
    for part in value:
        if isinstance(part, dict) and part:
            first, *rest = _mapping(part)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
        else:
            yield from _entry("-", part, "  ")


def _entry(head: str, part: Any, indent: str) -> Iterator[str]:
    if isinstance(part, dict) and part:
        yield head
        yield from (f"{indent}{line}" for line in _mapping(part))
    elif isinstance(part, list) and part:
        yield head
        yield from (f"{indent}{line}" for line in _sequence(part))
    else:
        yield f"{head} {_text(part) if isinstance(part, str) else json.dumps(part)}"


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _MEANS_SOMETHING:
        return value
    return json.dumps(value, ensure_ascii=False)
