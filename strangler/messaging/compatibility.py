"""Can what one side publishes be read by the other? Two JSON Schemas compared, as far as pydantic writes them.

A tolerant reader asks for less than is published, so this is no equality: everything that may be published has to fit
what is read. Where that cannot be proved, it counts as an obstacle.
JSON Schema: <https://json-schema.org/draft/2020-12>.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

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


class Obstacle(NamedTuple):
    """`place` is that of a field (`lines[*].sku`), empty for the data as a whole."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place or 'the data'}: {self.what}"


def obstacles(published: Schema, read: Schema) -> list[Obstacle]:
    """Why data of `published` may not fit `read`, one for each place; empty where all of it does.

    `published` is a schema of what is written down, `read` one of what is accepted (pydantic's modes `serialization`
    and `validation`). What `published` does not mention is not there.
    """
    return list(dict.fromkeys(_Comparison(published, read).between(published, read, "")))


class _Comparison:
    def __init__(self, published: Schema, read: Schema) -> None:
        self._published = published
        self._read = read
        self._under_way: set[tuple[int, int]] = set()

    def between(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        ours, theirs = _resolved(ours, self._published), _resolved(theirs, self._read)
        pair = id(ours), id(theirs)
        if pair in self._under_way:  # a model that contains itself: what is found, is found further out
            return
        self._under_way.add(pair)
        try:
            yield from self._each_of_ours(ours, theirs, place)
        finally:
            self._under_way.discard(pair)

    def _each_of_ours(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        accepted = _alternatives(theirs)
        for each in _alternatives(ours):
            if each is ours and accepted == [theirs]:
                yield from self._one(ours, theirs, place)
            elif accepted == [theirs]:
                yield from self.between(each, theirs, place)
            else:
                yield from self._one_of(each, accepted, place)

    def _one_of(self, ours: Schema, accepted: Sequence[Schema], place: str) -> Iterator[Obstacle]:
        """One alternative has to take all of ours. Of several that don't, the one of our type says why."""
        found = [list(self.between(ours, theirs, place)) for theirs in accepted]
        if all(found):
            kind = _resolved(ours, self._published).get("type")
            same = [lines for lines, theirs in zip(found, accepted, strict=True) if self._type_of(theirs) == kind]
            known = " or ".join(str(self._type_of(theirs)) for theirs in accepted)
            yield from same[0] if len(same) == 1 else [Obstacle(place, f"is {kind or 'anything'}, read as {known}")]

    def _type_of(self, theirs: Schema) -> object:
        return _resolved(theirs, self._read).get("type", "something else")

    def _one(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        asked = _said(theirs)
        if (values := _values(theirs)) is not None:
            yield from _same_values(_values(ours), values, place)
        elif "type" not in asked or asked - _UNDERSTOOD:
            if strange := ", ".join(sorted(asked - _UNDERSTOOD or asked)):
                yield Obstacle(place, f"the reader asks for {strange}, which cannot be compared")
        else:
            yield from self._of_a_type(ours, theirs, place)

    def _of_a_type(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        kind, wanted = ours.get("type"), theirs.get("type")
        if kind != wanted and (kind, wanted) != ("integer", "number"):
            yield Obstacle(place, f"is {kind or 'anything'}, read as {wanted}")
            return
        yield from _bounds(ours, theirs, place)
        if wanted == "object":
            yield from self._objects(ours, theirs, place)
        elif wanted == "array":
            yield from self._arrays(ours, theirs, place)

    def _objects(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        has, reads = ours.get("properties", {}), theirs.get("properties", {})
        any_other = _schema(ours, "additionalProperties", False)
        for name in theirs.get("required", ()):
            if name not in ours.get("required", ()):
                somewhere = name in has or any_other is not _NOTHING
                yield Obstacle(_inside(place, name), "may be missing" if somewhere else "is missing")
        for name in has:
            other = reads.get(name, _schema(theirs, "additionalProperties", True))
            yield from self._part(has[name], other, _inside(place, name))
        if any_other is not _NOTHING:
            for name in reads.keys() - has.keys():
                yield from self._part(any_other, reads[name], _inside(place, name))
            yield from self._part(any_other, _schema(theirs, "additionalProperties", True), _inside(place, "*"))

    def _arrays(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        if theirs.get("uniqueItems") and not ours.get("uniqueItems"):
            yield Obstacle(place, "may have one item twice, read as unique")
        has, reads = ours.get("prefixItems", ()), theirs.get("prefixItems", ())
        rest, other_rest = _schema(ours, "items", True), _schema(theirs, "items", True)
        most = ours.get("maxItems")
        for number, (item, other) in enumerate(zip_longest(has, reads)):
            if most is None or number < most:
                ours_here, theirs_here = rest if item is None else item, other_rest if other is None else other
                yield from self._part(ours_here, theirs_here, f"{place}[{number}]")
        if most is None or most > max(len(has), len(reads)):
            yield from self._part(rest, other_rest, f"{place}[*]")

    def _part(self, ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
        if ours is _NOTHING:
            return
        if theirs is _NOTHING:
            yield Obstacle(place, "is not accepted")
        elif theirs is not _ANYTHING:
            yield from self.between(ours, theirs, place)


def _bounds(ours: Schema, theirs: Schema, place: str) -> Iterator[Obstacle]:
    for keyword in _SAME:
        if keyword in theirs and ours.get(keyword) != theirs[keyword]:
            yield Obstacle(place, f"{keyword} is {ours.get(keyword, 'any')}, read as {theirs[keyword]}")
    for keyword in (*_AT_LEAST, *_AT_MOST, *_RANGE):
        if keyword in theirs and not _within(ours, keyword, theirs[keyword]):
            yield Obstacle(place, f"{keyword} is {ours.get(keyword, 'none')}, read as {theirs[keyword]}")


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


def _same_values(ours: list[Any] | None, theirs: list[Any], place: str) -> Iterator[Obstacle]:
    if ours is None:
        yield Obstacle(place, f"may be anything, read as one of {theirs}")
    elif strange := [value for value in ours if not any(_equal(value, known) for known in theirs)]:
        yield Obstacle(place, f"may be {', '.join(map(repr, strange))}, read as one of {theirs}")


def _values(schema: Schema) -> list[Any] | None:
    """Where there are only so many."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _equal(one: object, other: object) -> bool:
    """As JSON has it: true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _said(schema: Schema) -> set[str]:
    """The keywords that say what data may be; `x-…` are extensions of somebody's own."""
    return {keyword for keyword in schema if keyword not in _TELLS_NOTHING and not keyword.startswith("x-")}


def _alternatives(schema: Schema) -> list[Schema]:
    """Itself, where it is the only one."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and _said(schema) == {keyword}:
            return list(schema[keyword])
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else [schema]


def _resolved(schema: Schema, root: Schema) -> Schema:
    """`{"$ref": "#/$defs/Line"}` stands for what is there. Raises LookupError where nothing is."""
    while "$ref" in schema and _said(schema) == {"$ref"}:
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
