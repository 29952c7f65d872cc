"""An example of each event: what its author gave as one, or values made up until the class takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from strangler.errors import ContractError
from strangler.messaging import Event
from strangler.messaging.contracts import plain_schema

Place = tuple[str | int, ...]

_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "01945c2e-7b00-7000-8000-000000000001",
    "email": "grace@example.com",
    "uri": "https://example.com/",
}
_BY_NAME = {"email": "grace@example.com", "currency": "EUR", "country": "US", "url": "https://example.com/"}
_STRINGS = ("19.90", "1", "EUR", "US", "A-1", "abc", "2026-01-31", _FORMATS["date-time"], _FORMATS["uuid"])
_NUMBERS = (1, 0, 2, 10, 100, 0.5, -1)


def example_of(event: type[Event]) -> dict[str, Any]:
    """As it stands on the wire, and the same each time. Raises `ContractError` naming the field without an example."""
    schema = plain_schema(event, "serialization")
    tries: dict[Place, int] = {}
    while True:
        made_up = _MadeUp(schema, tries)
        try:
            return event.model_validate(made_up.data).model_dump(mode="json")
        except ValidationError as error:
            if not made_up.try_others(error):
                raise ContractError(_no_example(event, error)) from error


class _MadeUp:
    """`tries` says the how manieth value each place gets; `data` notes where there are others to try."""

    def __init__(self, schema: Mapping[str, Any], tries: dict[Place, int]) -> None:
        self._root = schema
        self._tries = tries
        self._left: dict[Place, int] = {}
        self.data = self._value(schema, (), "")

    def try_others(self, error: ValidationError) -> bool:
        """False where a place at fault has none."""
        faults = [self._at(item["loc"]) for item in error.errors()]
        for place in faults:
            if place is None or self._left[place] <= 0:
                return False
        for place in {place for place in faults if place is not None}:
            self._tries[place] = self._tries.get(place, 0) + 1
        return True

    def _at(self, location: Place) -> Place | None:
        """pydantic says more than the place: which of several types it tried there."""
        return next((location[:size] for size in range(len(location), 0, -1) if location[:size] in self._left), None)

    def _value(self, schema: Mapping[str, Any], place: Place, name: str) -> Any:
        schema = self._resolved(schema)
        if schema.get("examples"):
            return schema["examples"][0]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for keyword in ("anyOf", "oneOf", "allOf"):
            if schema.get(keyword):
                return self._value(_not_null(schema[keyword]), place, name)
        return self._of_type(schema, place, name)

    def _of_type(self, schema: Mapping[str, Any], place: Place, name: str) -> Any:
        kind = schema.get("type", "string")
        if kind == "object":
            return self._object(schema, place)
        if kind == "array":
            return self._array(schema, place, name)
        if kind in ("boolean", "null"):
            return True if kind == "boolean" else None
        if kind in ("integer", "number"):
            return self._choice(place, [each for each in _numbers(schema, kind) if _in_range(each, schema)] or [1])
        return self._choice(place, _strings(schema, name))

    def _choice(self, place: Place, values: Sequence[Any]) -> Any:
        number = self._tries.get(place, 0)
        self._left[place] = len(values) - 1 - number
        return values[number]

    def _object(self, schema: Mapping[str, Any], place: Place) -> dict[str, Any]:
        data = {}
        for name, part in schema.get("properties", {}).items():
            told = part.get("default")
            data[name] = told if told not in (None, "", [], {}) else self._value(part, (*place, name), name)
        if not data and isinstance(schema.get("additionalProperties"), Mapping):
            data["key"] = self._value(schema["additionalProperties"], (*place, "key"), "value")
        return data

    def _array(self, schema: Mapping[str, Any], place: Place, name: str) -> list[Any]:
        parts = [*schema.get("prefixItems", ())]
        if "items" in schema and schema.get("maxItems", 1) > len(parts):
            parts += [schema["items"]] * max(1, schema.get("minItems", 1) - len(parts))
        return [self._value(part, (*place, number), name) for number, part in enumerate(parts)]

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self._root["$defs"][schema["$ref"].rpartition("/")[2]]
        return schema


def _not_null(alternatives: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((each for each in alternatives if each.get("type") != "null"), alternatives[0])


def _strings(schema: Mapping[str, Any], name: str) -> list[str]:
    if schema.get("format") in _FORMATS:
        return [_FORMATS[schema["format"]]]
    by_name = next((value for hint, value in _BY_NAME.items() if hint in name), None)
    first = [by_name] if by_name else [name.replace("_", " ")]
    least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    return [text.ljust(least, "x")[:most] for text in (*first, *_STRINGS)]


def _numbers(schema: Mapping[str, Any], kind: str) -> list[float]:
    step = schema.get("multipleOf", 1)
    ends = [schema[end] for end in ("minimum", "maximum") if end in schema]
    ends += [schema[end] + sign * step for end, sign in _OPEN.items() if end in schema]
    found = [*_NUMBERS, *ends]
    return [int(each) for each in found if each == int(each)] if kind == "integer" else found


_OPEN = {"exclusiveMinimum": 1, "exclusiveMaximum": -1}


def _in_range(number: float, schema: Mapping[str, Any]) -> bool:
    return bool(
        schema.get("minimum", number) <= number <= schema.get("maximum", number)
        and schema.get("exclusiveMinimum", number - 1) < number < schema.get("exclusiveMaximum", number + 1)
        and number % schema.get("multipleOf", number or 1) == 0
    )


def _no_example(event: type[Event], error: ValidationError) -> str:
    [first, *_] = error.errors()
    field = ".".join(map(str, first["loc"])) or "the event as a whole"
    return (
        f"{event.__module__}.{event.__qualname__}: no example could be made up for {field} ({first['msg']}): give the "
        "field Field(examples=[...]), or the class model_config = ConfigDict(json_schema_extra={'examples': [{...}]})"
    )
