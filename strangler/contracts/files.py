"""Contracts as files: `<owner>/<event>.v<N>.schema.json`, and `needs/<group>/<owner>.<event>.v<N>.schema.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from strangler.contracts.language import EVENT, NEED, NEEDS, Language, Need, Published
from strangler.errors import ContractError

_EVENT_FILE = re.compile(r"([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)\.v([1-9][0-9]*)\.schema\.json")
_NEED_FILE = re.compile(NEEDS + r"/[^/]+/[^/]+\.schema\.json")


def read_folder(folder: Path) -> Language:
    """Empty where there is no such folder. Raises `ContractError` naming the file that cannot be read."""
    return language_of((str(path.relative_to(folder).as_posix()), path.read_bytes()) for path in _files(folder))


def language_of(files: Iterable[tuple[str, bytes]]) -> Language:
    """Of names inside the folder and what they hold; whatever is no contract is passed over."""
    events, needs = [], []
    for name, content in files:
        if _NEED_FILE.fullmatch(name):
            needs.append(_need(name, _parsed(name, content)))
        elif match := _EVENT_FILE.fullmatch(name):
            events.append(published(f"{match[1]}.{match[2]}", int(match[3]), _parsed(name, content)))
    return Language(
        sorted(events, key=lambda event: (event.type, event.version)),
        sorted(needs, key=lambda need: (need.group, need.type, need.version)),
    )


def event_in(name: str, content: bytes) -> Published:
    """A schema by itself: its `x-event` or its `$id` says whose it is. Raises `ContractError`."""
    schema = _parsed(name, content)
    match = _EVENT_FILE.fullmatch(str(schema.get("$id", "")))
    if match is None:
        raise ContractError(f'{name}: its "$id" is not <owner>/<event>.v<N>.schema.json, so nobody knows what it is of')
    return published(f"{match[1]}.{match[2]}", int(match[3]), schema)


def published(event_type: str, version: int, schema: dict[str, Any]) -> Published:
    said = schema.get(EVENT, {})
    return Published(
        event_type,
        version,
        schema,
        source=said.get("source", ""),
        topic=said.get("topic", ""),
        key=said.get("key", ""),
        retired=bool(schema.get("deprecated")),
    )


def _need(name: str, schema: dict[str, Any]) -> Need:
    said = schema.get(NEED, {})
    try:
        told = {key: said[key] for key in ("group", "source", "handler", "type", "version", "oldest")}
    except (KeyError, TypeError) as error:
        raise ContractError(f'{name}: its "{NEED}" lacks {error}: export it again where the consumer lives') from None
    return Need(**told, schema=schema)


def write(folder: Path, files: Mapping[str, str]) -> int:
    """Returns how many have changed."""
    changed = 0
    for name, text in files.items():
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed += 1
    return changed


def as_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.schema.json"))


def _parsed(name: str, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ContractError(f"{name} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ContractError(f"{name} is no JSON Schema of an event: it is a {type(found).__name__}")
    return found
