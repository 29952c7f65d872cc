"""Events and needs as contracts, without classes in the registry that every other test would meet."""

from __future__ import annotations

from typing import Any

from strangler.contracts.language import EVENT, NEED, Need, Published

TEXT = {"type": "string"}


def event(name: str = "sample.told", version: int = 1, source: str = "shop", **fields: Any) -> Published:
    """A field that ends in `_` may be missing."""
    schema = {
        "$id": f"{name.replace('.', '/')}.v{version}.schema.json",
        EVENT: {"source": source, "topic": "sample.thing", "key": "number"},
        **schema_of(**{"number": TEXT, **fields}),
        "examples": [{"number": "1"}],
    }
    return Published(name, version, schema, source=source, topic="sample.thing", key="number")


def need(
    group: str = "mailing",
    name: str = "sample.told",
    version: int = 1,
    *,
    oldest: int = 0,
    source: str = "",
    **fields: Any,
) -> Need:
    said = {
        "group": group,
        "source": source or group,
        "handler": f"{group}.handlers.react",
        "type": name,
        "version": version,
        "oldest": oldest or version,
    }
    return Need(**said, schema={NEED: said, **schema_of(**fields)})  # type: ignore[arg-type]


def schema_of(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name.rstrip("_"): part for name, part in fields.items()},
        "required": [name for name in fields if not name.endswith("_")],
    }
