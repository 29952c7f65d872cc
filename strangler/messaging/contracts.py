"""The published language as data: one JSON Schema 2020-12 for each version of each event."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from strangler.messaging.event import Event

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def contract_path(event: type[Event]) -> PurePosixPath:
    """`orders/order_placed.v1.schema.json`, as the envelope's `dataschema` says."""
    name = event.event_type.partition(".")[2]
    return PurePosixPath(event.owner) / f"{name}.v{event.version}.schema.json"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Of the `data` member, as it stands on the wire."""
    return {"$schema": _DIALECT, "$id": str(contract_path(event)), **event.model_json_schema(mode="serialization")}
