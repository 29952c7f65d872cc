"""Can what one side publishes be read by the other? Two JSON Schemas compared, as far as pydantic writes them.

A tolerant reader asks for less than is published, so this is no equality: everything that may be published has to fit
what is read. Where that cannot be proved, it counts as an obstacle.
JSON Schema: <https://json-schema.org/draft/2020-12>.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

Schema = Mapping[str, Any]

_ANYTHING: Schema = {}
_NOTHING: Schema = {"not": {}}
_TELLS_NOTHING = {
    *("$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"),
    *("readOnly", "writeOnly", "discriminator"),
}
_SAME = ("pattern", "format", "multipleOf")
_AT_LEAST = ("minLength", "minItems", "minProperties")
_AT_MOST = ("maxLength", "maxItems", "maxProperties")
_RANGE = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_UNDERSTOOD = {
    *("type", "enum", "const", "properties", "required", "additionalProperties", "items", "prefixItems", "uniqueItems"),
    *(*_SAME, *_AT_LEAST, *_AT_MOST, *_RANGE),
}


def obstacles(published: Schema, read: Schema) -> list[str]:
    """Why data of `published` may not fit `read`, a line for each place (`lines[*].sku`); empty where all of it does.

    `published` is a schema of what is written down, `read` one of what is accepted (pydantic's modes `serialization`
    and `validation`). What `published` does not mention is not there.
    """
    return list(dict.fromkeys(_Comparison(published, read).between(published, read, "")))


class _Comparison:
    def __init__(self, published: Schema, read: Schema) -> None:
        self._published = published
        self._read = read
        self._under_way: set[tuple[int, int]] = set()

    def between(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        ours, theirs = _resolved(ours, self._published), _resolved(theirs, self._read)
        pair = id(ours), id(theirs)
        if pair in self._under_way:  # a model that contains itself: what is found, is found further out
            return
        self._under_way.add(pair)
        try:
            yield from self._each_of_ours(ours, theirs, place)
        finally:
            self._under_way.discard(pair)

    def _each_of_ours(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        accepted = _alternatives(theirs)
        for each in _alternatives(ours):
            if each is ours and accepted == [theirs]:
                yield from self._one(ours, theirs, place)
            elif accepted == [theirs]:
                yield from self.between(each, theirs, place)
            else:
                yield from self._one_of(each, accepted, place)

    def _one_of(self, ours: Schema, accepted: Sequence[Schema], place: str) -> Iterator[str]:
        """One alternative has to take all of ours. Of several that don't, the one of our type says why."""
        found = [list(self.between(ours, theirs, place)) for theirs in accepted]
        if all(found):
            kind = _resolved(ours, self._published).get("type")
            same = [lines for lines, theirs in zip(found, accepted, strict=True) if self._type_of(theirs) == kind]
            known = " or ".join(str(self._type_of(theirs)) for theirs in accepted)
            yield from same[0] if len(same) == 1 else [_at(place, f"is {kind or 'anything'}, read as {known}")]

    def _type_of(self, theirs: Schema) -> object:
        return _resolved(theirs, self._read).get("type", "something else")

    def _one(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        asked = theirs.keys() - _TELLS_NOTHING
        if (values := _values(theirs)) is not None:
            yield from _same_values(_values(ours), values, place)
        elif "type" not in asked or asked - _UNDERSTOOD:
            if strange := ", ".join(sorted(asked - _UNDERSTOOD or asked)):
                yield _at(place, f"the reader asks for {strange}, which cannot be compared")
        else:
            yield from self._of_a_type(ours, theirs, place)

    def _of_a_type(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        kind, wanted = ours.get("type"), theirs.get("type")
        if kind != wanted and (kind, wanted) != ("integer", "number"):
            yield _at(place, f"is {kind or 'anything'}, read as {wanted}")
            return
        yield from _bounds(ours, theirs, place)
        if wanted == "object":
            yield from self._objects(ours, theirs, place)
        elif wanted == "array":
            yield from self._arrays(ours, theirs, place)

    def _objects(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        has, reads = ours.get("properties", {}), theirs.get("properties", {})
        any_other = _schema(ours, "additionalProperties", False)
        for name in theirs.get("required", ()):
            if name not in ours.get("required", ()):
                somewhere = name in has or any_other is not _NOTHING
                yield _at(_inside(place, name), "may be missing" if somewhere else "is missing")
        for name in has:
            other = reads.get(name, _schema(theirs, "additionalProperties", True))
            yield from self._part(has[name], other, _inside(place, name))
        if any_other is not _NOTHING:
            for name in reads.keys() - has.keys():
                yield from self._part(any_other, reads[name], _inside(place, name))
            yield from self._part(any_other, _schema(theirs, "additionalProperties", True), _inside(place, "*"))

    def _arrays(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        if theirs.get("uniqueItems") and not ours.get("uniqueItems"):
            yield _at(place, "may have one item twice, read as unique")
        has, reads = ours.get("prefixItems", ()), theirs.get("prefixItems", ())
        rest, other_rest = _schema(ours, "items", True), _schema(theirs, "items", True)
        most = ours.get("maxItems")
        for number, (item, other) in enumerate(zip_longest(has, reads)):
            if most is None or number < most:
                ours_here, theirs_here = rest if item is None else item, other_rest if other is None else other
                yield from self._part(ours_here, theirs_here, f"{place}[{number}]")
        if most is None or most > max(len(has), len(reads)):
            yield from self._part(rest, other_rest, f"{place}[*]")

    def _part(self, ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
        if ours is _NOTHING:
            return
        if theirs is _NOTHING:
            yield _at(place, "is not accepted")
        elif theirs is not _ANYTHING:
            yield from self.between(ours, theirs, place)


def _bounds(ours: Schema, theirs: Schema, place: str) -> Iterator[str]:
    for keyword in _SAME:
        if keyword in theirs and ours.get(keyword) != theirs[keyword]:
            yield _at(place, f"{keyword} is {ours.get(keyword, 'any')}, read as {theirs[keyword]}")
    for keyword in (*_AT_LEAST, *_AT_MOST, *_RANGE):
        if keyword in theirs and not _within(ours, keyword, theirs[keyword]):
            yield _at(place, f"{keyword} is {ours.get(keyword, 'none')}, read as {theirs[keyword]}")


def _within(ours: Schema, keyword: str, bound: float) -> bool:
    if keyword in _AT_LEAST:
        return bool(ours.get(keyword, 0) >= bound)
    if keyword in _AT_MOST:
        return keyword in ours and bool(ours[keyword] <= bound)
    end = keyword.removeprefix("exclusive").lower()
    sign = 1 if end == "minimum" else -1
    closed = ours.get(end)
    open_ = ours.get(f"exclusive{end.capitalize()}")
    if open_ is not None and sign * open_ >= sign * bound:
        return True
    if closed is None:
        return False
    return bool(sign * closed >= sign * bound if keyword == end else sign * closed > sign * bound)


def _same_values(ours: list[Any] | None, theirs: list[Any], place: str) -> Iterator[str]:
    if ours is None:
        yield _at(place, f"may be anything, read as one of {theirs}")
    elif strange := [value for value in ours if not any(_equal(value, known) for known in theirs)]:
        yield _at(place, f"may be {', '.join(map(repr, strange))}, read as one of {theirs}")


def _values(schema: Schema) -> list[Any] | None:
    """Where there are only so many."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _equal(one: object, other: object) -> bool:
    """As JSON has it: true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _alternatives(schema: Schema) -> list[Schema]:
    """Itself, where it is the only one."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and not schema.keys() - _TELLS_NOTHING - {keyword}:
            return list(schema[keyword])
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else [schema]


def _resolved(schema: Schema, root: Schema) -> Schema:
    """`{"$ref": "#/$defs/Line"}` stands for what is there. Raises LookupError where nothing is."""
    while "$ref" in schema and not schema.keys() - _TELLS_NOTHING - {"$ref"}:
        found: Any = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")] if step else found
        schema = found
    return schema


def _schema(owner: Schema, keyword: str, default: bool) -> Schema:
    found = owner.get(keyword, default)
    if found is True or found == {}:
        return _ANYTHING
    return _NOTHING if found is False else found


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _at(place: str, what: str) -> str:
    return f"{place or 'the data'}: {what}"
