"""Whom would it break if this project were deployed as it is now? Without asking any process that runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strangler.conf import settings
from strangler.contracts.against import read_against
from strangler.contracts.breaks import Break, Mode, breaks, unmet
from strangler.contracts.exporting import joined
from strangler.contracts.fields import fields_of
from strangler.contracts.files import read_folder
from strangler.contracts.language import Language, Need
from strangler.contracts.project import language_here
from strangler.errors import ContractError


@dataclass(frozen=True, slots=True)
class Checked:
    """`events` are this project's types, `needs` what it needs of others; `notes` tell of what changed besides."""

    events: int
    needs: int
    breaks: list[Break]
    notes: list[str]


def check(against: str, folder: Path, mode: Mode) -> Checked:
    """The events of this project's code are held against `against`, by the needs that `folder` knows.

    What this project needs of events that others publish is held against their schemas in `against`.
    Raises `ContractError`.
    """
    here, before = language_here(), read_against(against, folder)
    now = joined(here, read_folder(folder))
    ours = {event.type for event in (*now.events, *before.events) if event.source == settings.source}
    others = [need for need in here.needs if need.type not in ours]
    if Path(against).is_file():
        ours, others = _only(before.types()[0], ours, others, against)
    found = breaks(now, before, mode, sorted(ours))
    found += [each for need in others for each in unmet(need, before.versions(need.type), mode)]
    return Checked(len(ours), len(others), found, list(_notes(now, before, sorted(ours))))


def _only(name: str, ours: set[str], others: list[Need], file: str) -> tuple[set[str], list[Need]]:
    """What is about the one event of the file."""
    reads = [need for need in others if need.type == name]
    if name not in ours and not reads:
        raise ContractError(f"--against {file}: it is of {name}, which this project neither publishes nor reads")
    return ours & {name}, reads


def as_document(checked: Checked, against: str, mode: Mode) -> dict[str, Any]:
    return {
        "against": against,
        "mode": mode.value,
        "compatible": not checked.breaks,
        "events": checked.events,
        "needs": checked.needs,
        "breaks": [_told(each) for each in checked.breaks],
        "notes": checked.notes,
    }


def _told(each: Break) -> dict[str, Any]:
    consumers = [
        {"group": need.group, "project": need.source, "handler": need.handler, "reads": need.version}
        for need in each.consumers
    ]
    return {
        "event": each.event,
        "field": each.field or None,
        "what": each.what,
        "direction": each.direction.value,
        "consumers": consumers,
    }


def _notes(now: Language, before: Language, types: list[str]) -> Iterator[str]:
    """What is new, and what is gone that may never have been there."""
    for event in (event for name in types for event in now.versions(name)):
        same = before.of(event.wire_type)
        if same is None:
            yield f"{event.wire_type} is new"
            continue
        if event.retired and not same.retired:
            yield f"{event.wire_type} is retired"
        paths, were = ([field.path for field in fields_of(each.schema)] for each in (event, same))
        yield from (f"{event.wire_type}: {path} is new" for path in paths if path not in were)
        yield from (f"{event.wire_type}: {path} is gone" for path in were if path not in paths)
