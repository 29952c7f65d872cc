"""The fields of a schema as a list that a person can read: `lines[*].sku`, text, always there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from strangler.contracts.language import Schema

_JSON_NAMES = {"string": "text", "integer": "whole number", "boolean": "yes or no", "array": "list", "null": "nothing"}


@dataclass(frozen=True, slots=True)
class Field:
    """`always`: it is there whenever what it is in is there."""

    path: str
    kind: str
    always: bool
    about: str = ""


def fields_of(schema: Schema) -> list[Field]:
    return list(_inside(schema, schema, "", ()))


def _inside(schema: Schema, root: Schema, place: str, around: tuple[str, ...]) -> Iterator[Field]:
    schema, name = _resolved(schema, root)
    if name and name in around:
        return  # a model that contains itself
    around = (*around, name) if name else around
    for part in schema.get("anyOf", schema.get("oneOf", ())):
        yield from _inside(part, root, place, around)
    if isinstance(schema.get("items"), dict):
        yield from _inside(schema["items"], root, f"{place}[*]", around)
    needed = schema.get("required", ())
    for key, part in schema.get("properties", {}).items():
        path = f"{place}.{key}" if place else key
        yield Field(path, _kind(part, root), key in needed, str(part.get("description", "")))
        yield from _inside(part, root, path, around)


def _kind(schema: Schema, root: Schema) -> str:
    schema, name = _resolved(schema, root)
    if "const" in schema:
        return f"always {schema['const']}"
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return " or ".join(dict.fromkeys(_kind(part, root) for part in schema[keyword]))
    kind = str(schema.get("format") or _JSON_NAMES.get(str(schema.get("type")), schema.get("type", "anything")))
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        return f"list of {_kind(schema['items'], root)}"
    if schema.get("type") == "object":
        return name or "object"
    return f"{kind} like {schema['pattern']}" if "pattern" in schema else kind


def _resolved(schema: Schema, root: Schema) -> tuple[Schema, str]:
    """What a reference stands for, and what that is called."""
    name = ""
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found: Any = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            found = found[step]
        schema = found
    return schema, name
