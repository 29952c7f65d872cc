"""The published language as data: one JSON Schema 2020-12 for each version of each event."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema

from strangler.messaging.event import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FILE = re.compile(r"([a-z][a-z0-9_]*)\.v([1-9][0-9]*)\.schema\.json")


class _Plain(GenerateJsonSchema):
    """Without a title for each field that only says its name again."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def contract_path(event: type[Event]) -> PurePosixPath:
    """`orders/order_placed.v1.schema.json`, as the envelope's `dataschema` says."""
    return path_of(event.event_type, event.version)


def path_of(event_type: str, version: int) -> PurePosixPath:
    owner, _, name = event_type.partition(".")
    return PurePosixPath(owner) / f"{name}.v{version}.schema.json"


def versions_in(folder: Path, event_type: str) -> list[int]:
    """Of which versions there is a schema, the oldest first."""
    owner, _, name = event_type.partition(".")
    found = (_FILE.fullmatch(path.name) for path in folder.glob(f"{owner}/{name}.v*.schema.json"))
    return sorted(int(match[2]) for match in found if match)


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Of the `data` member, as it stands on the wire."""
    return {"$schema": DIALECT, "$id": str(contract_path(event)), **plain_schema(event, "serialization")}


def plain_schema(event: type[Event], mode: Literal["serialization", "validation"]) -> dict[str, Any]:
    """Of what is written down, or of what is accepted."""
    return event.model_json_schema(mode=mode, schema_generator=_Plain)
