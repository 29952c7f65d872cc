"""The published language as one page that needs nothing else: who tells what, who reads which field of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from django.template import Context, Engine

from strangler.brokers.names import queue_name, topic_name
from strangler.contracts.fields import Field, fields_of
from strangler.contracts.language import Language, Need, Published
from strangler.contracts.map import picture

_ENGINE = Engine(dirs=[str(Path(__file__).parent / "templates")])  # whatever the project has as TEMPLATES


@dataclass(frozen=True, slots=True)
class Row:
    field: Field
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    event: Published
    rows: tuple[Row, ...]
    readers: tuple[str, ...]
    example: str


def page(language: Language, exchange: str) -> str:
    owners = [
        (owner, [_event(language, name, exchange) for name in names])
        for owner, names in groupby(language.types(), key=lambda name: name.partition(".")[0])
    ]
    groups = [
        {"name": group, "project": needs[0].source, "queue": queue_name(exchange, group), "needs": needs}
        for group, needs in ((group, list(needs)) for group, needs in groupby(language.needs, key=lambda n: n.group))
    ]
    context = {
        "sources": sorted({event.source for event in language.events} - {""}),
        "owners": owners,
        "groups": groups,
        "count": len(language.types()),
        "picture": picture(language),
    }
    return _ENGINE.get_template("strangler/contracts/page.html").render(Context(context))


def _event(language: Language, name: str, exchange: str) -> dict[str, object]:
    versions = language.versions(name)
    newest = versions[-1]
    return {
        "name": name,
        "about": str(newest.schema.get("description", "")),
        "exchange": exchange,
        "topic": topic_name(exchange, newest.topic) if newest.topic else "",
        "key": newest.key,
        "project": newest.source,
        "versions": [_version(event, language.needs_of(name)) for event in reversed(versions)],
    }


def _version(event: Published, needs: list[Need]) -> Version:
    reading = {need.group: _paths(need) for need in needs if need.version == event.version}
    rows = tuple(
        Row(field, tuple(group for group, paths in reading.items() if field.path in paths))
        for field in fields_of(event.schema)
    )
    lifted = (need for need in needs if need.oldest <= event.version < need.version)
    readers = *reading, *(f"{need.group}, lifted to v{need.version}" for need in lifted)
    example = "" if event.example is None else json.dumps(event.example, indent=2, ensure_ascii=False)
    return Version(event, rows, readers, example)


def _paths(need: Need) -> set[str]:
    return {field.path for field in fields_of(need.schema)}
