"""Everything that `manage.py contracts export` writes. What is in the folder already is only ever added to.

Each project writes what is its own: schemas of events whose file says `source` it (or that nobody has written yet), and
the needs of its consumer groups. The AsyncAPI document and the page are made of the whole folder, whoever wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strangler.conf import settings
from strangler.contracts import yaml
from strangler.contracts.asyncapi import asyncapi
from strangler.contracts.envelopes import ENVELOPE_FILE, envelope_schema
from strangler.contracts.files import as_json, published, read_folder, write
from strangler.contracts.language import EVENT, Language, Need, Published
from strangler.contracts.page import page
from strangler.contracts.project import language_here

ASYNCAPI_FILE, PAGE_FILE = "asyncapi.yaml", "index.html"


@dataclass(frozen=True, slots=True)
class Exported:
    """`others`: events of an app here whose schema another project wrote. `changed`: files."""

    events: int
    retired: int
    needs: int
    others: int
    changed: int


def export(folder: Path) -> Exported:
    """Raises `ContractError` for an event of which no example can be made up, and for a file that cannot be read."""
    here, there = language_here(), read_folder(folder)
    ours = [event for event in here.events if _writes(event, there)]
    retired = _retired(ours, there)
    stale = _stale(here, there)
    whole = joined(here, there)
    files = {
        **{event.path: as_json(event.schema) for event in [*ours, *retired]},
        **{need.path: as_json(need.schema) for need in here.needs},
        ENVELOPE_FILE: as_json(envelope_schema()),
        ASYNCAPI_FILE: yaml.dump(asyncapi(whole, settings.exchange)),
        PAGE_FILE: page(whole, settings.exchange),
    }
    for need in stale:
        (folder / need.path).unlink()
    changed = write(folder, files) + len(stale)
    return Exported(len(ours), len(retired), len(here.needs), len(here.events) - len(ours), changed)


def joined(here: Language, there: Language) -> Language:
    """What the folder says after an export."""
    ours = [event for event in here.events if _writes(event, there)]
    events = {event.wire_type: event for event in [*there.events, *_retired(ours, there), *ours]}
    stale = {need.path for need in _stale(here, there)}
    needs = {need.path: need for need in [*there.needs, *here.needs] if need.path not in stale}
    return Language(
        sorted(events.values(), key=lambda event: (event.type, event.version)),
        sorted(needs.values(), key=lambda need: (need.group, need.type, need.version)),
    )


def _writes(event: Published, there: Language) -> bool:
    """Two projects may publish one event while a context moves. Its schema stays that of the one that wrote it first.

    A new version belongs to whoever wrote those before.
    """
    known = there.of(event.wire_type) or next(iter(reversed(there.versions(event.type))), None)
    return known is None or known.source in ("", event.source)


def _retired(ours: list[Published], there: Language) -> list[Published]:
    """What this project once wrote and does not publish any more: kept, for logs hold it, and marked."""
    declared = {event.wire_type for event in ours}
    gone = [event for event in there.events if event.source == settings.source and event.wire_type not in declared]
    return [_marked(event) for event in gone]


def _marked(event: Published) -> Published:
    head = {key: event.schema[key] for key in ("$schema", "$id", EVENT) if key in event.schema}
    rest = {key: value for key, value in event.schema.items() if key not in head}
    return published(event.type, event.version, {**head, "deprecated": True, **rest})


def _stale(here: Language, there: Language) -> list[Need]:
    """Needs that this project, or one of its groups, has no more."""
    groups = {need.group for need in here.needs}
    current = {need.path for need in here.needs}
    return [
        need
        for need in there.needs
        if (need.source == settings.source or need.group in groups) and need.path not in current
    ]
