"""What a service reads is held against what the monolith publishes: nothing that may come must fail to fit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import jsonschema
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, create_model

from strangler.messaging import Event, registry
from strangler.messaging.compatibility import obstacles
from strangler.messaging.contracts import schema_of


class Line(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    note: str = ""


class Published(BaseModel):
    number: str
    id: UUID
    total: Decimal
    placed_at: datetime
    customer: str | None = None
    lines: list[Line]
    status: Literal["placed", "paid"]
    labels: dict[str, int] = {}
    place: tuple[int, str] = (1, "a")


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


def between(read: type[BaseModel], published: type[BaseModel] = Published) -> list[str]:
    return lines(published.model_json_schema(mode="serialization"), read.model_json_schema(mode="validation"))


def lines(published: Any, read: Any) -> list[str]:
    return [str(obstacle) for obstacle in obstacles(published, read)]


def test_a_reader_that_asks_for_less_reads_all() -> None:
    class Some(BaseModel):
        number: str
        total: Decimal
        lines: list[Line]

    assert between(Some) == []


@pytest.mark.parametrize("model", [Published, Line, Tree])
def test_what_is_published_can_be_read_by_the_class_that_publishes_it(model: type[BaseModel]) -> None:
    assert between(model, model) == []


@pytest.mark.parametrize("declared", list(registry), ids=lambda declared: declared.__qualname__)
def test_every_event_of_the_shop_can_read_itself(declared: type[Event]) -> None:
    assert obstacles(schema_of(declared), declared.model_json_schema(mode="validation")) == []


class Wider(BaseModel):
    number: str | int
    total: Decimal | None
    customer: str | None = "nobody"
    status: Literal["placed", "paid", "void"]
    lines: list[dict[str, Any]]
    labels: dict[str, float] = {}
    place: list[int | str] = []
    invented: str = "by the reader, with a default"
    anything: Any = None


def test_a_reader_may_take_more_than_there_is() -> None:
    assert between(Wider) == []


def _model(**fields: Any) -> type[BaseModel]:
    return create_model("Reader", **fields)


def a_line(**fields: Any) -> type[BaseModel]:
    return _model(lines=(list[_model(**fields)], ...))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        (_model(paid_at=(datetime, ...)), "paid_at: is missing"),
        (_model(number=(int, ...)), "number: is string, read as integer"),
        (_model(customer=(str, ...)), "customer: is null, read as string"),
        (_model(status=(Literal["placed"], ...)), "status: may be 'paid', read as one of ['placed']"),
        (_model(number=(Literal["1"], ...)), "number: may be anything, read as one of ['1']"),
        (_model(number=(UUID, ...)), "number: format is any, read as uuid"),
        (_model(number=(str, Field(max_length=20))), "number: maxLength is none, read as 20"),
        (_model(total=(int, ...)), "total: is string, read as integer"),
        (_model(labels=(dict[str, str], ...)), "labels.*: is integer, read as string"),
        (_model(place=(tuple[int, int], ...)), "place[1]: is string, read as integer"),
        (_model(place=(tuple[int, str, str], ...)), "place: minItems is 2, read as 3"),
        (_model(lines=(set[str], ...)), "lines: may have one item twice, read as unique"),
        (_model(lines=(dict[str, int], ...)), "lines: is array, read as object"),
        (_model(number=(int | float, ...)), "number: is string, read as integer or number"),
        (a_line(price=(Decimal, ...)), "lines[*].price: is missing"),
        (a_line(quantity=(int, Field(ge=2))), "lines[*].quantity: minimum is 1, read as 2"),
        (a_line(quantity=(int, Field(gt=1))), "lines[*].quantity: exclusiveMinimum is none, read as 1"),
        (a_line(quantity=(int, Field(le=9))), "lines[*].quantity: maximum is none, read as 9"),
    ],
)
def test_an_obstacle_is_named_with_its_place(reader: type[BaseModel], said: str) -> None:
    assert said in between(reader)


def test_a_field_that_is_not_always_there_is_an_obstacle_to_whoever_needs_it() -> None:
    sometimes = {"type": "object", "properties": {"a": {"type": "string"}}}
    always = {**sometimes, "required": ["a"]}
    assert lines(sometimes, always) == ["a: may be missing"]
    assert obstacles(always, sometimes) == []


def test_a_reader_that_forbids_what_it_does_not_know_is_told_of_it() -> None:
    class Closed(BaseModel):
        model_config = ConfigDict(extra="forbid")
        number: str

    assert "total: is not accepted" in between(Closed)
    assert between(Closed, Closed) == []


def test_a_bound_is_kept_by_a_narrower_one() -> None:
    ages = {"type": "integer", "minimum": 18, "exclusiveMaximum": 100}
    for wider in [{"minimum": 0}, {"exclusiveMinimum": 17}, {"maximum": 100}, {"exclusiveMaximum": 100}]:
        assert obstacles(ages, {"type": "number", **wider}) == []
    for narrower in [{"minimum": 19}, {"exclusiveMinimum": 18}, {"maximum": 99}, {"exclusiveMaximum": 99}]:
        assert len(obstacles(ages, {"type": "integer", **narrower})) == 1


def test_what_cannot_be_compared_is_an_obstacle_and_not_passed_over() -> None:
    asked = {"type": "object", "patternProperties": {"^a": {"type": "string"}}}
    assert lines({"type": "object"}, asked) == [
        "the data: the reader asks for patternProperties, which cannot be compared"
    ]
    either = {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert "anyOf" in lines({"type": "object"}, either)[0]


def test_a_model_that_contains_itself_is_compared_once_round() -> None:
    class Reader(BaseModel):
        name: int
        children: list[Reader] = []

    assert between(Reader, Tree) == ["name: is string, read as integer"]


# --- whatever is found to fit, does fit: by a validator that somebody else wrote

NAMES = st.sampled_from("abc")
BOUND = st.integers(0, 3)
LEAVES = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({}),
    st.builds(lambda low: {"type": "integer", "minimum": low}, BOUND),
    st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, BOUND),
    st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, BOUND, BOUND),
    st.builds(lambda high: {"type": "string", "maxLength": high}, BOUND),
    st.builds(lambda low: {"type": "string", "minLength": low}, BOUND),
    st.builds(lambda values: {"enum": values}, st.lists(st.sampled_from(["", "x", 1, True, None]), min_size=1)),
    st.builds(lambda value: {"const": value}, st.sampled_from(["x", 1, False])),
)


def _objects(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda properties, required, others: {
            "type": "object",
            "properties": properties,
            "required": sorted(required & properties.keys()),
            **({} if others is None else {"additionalProperties": others}),
        },
        st.dictionaries(NAMES, parts, max_size=3),
        st.frozensets(NAMES),
        st.none() | st.booleans() | parts,
    )


def _arrays(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, parts),
        st.builds(
            lambda first, most: {"type": "array", "prefixItems": first, "maxItems": most},
            st.lists(parts, min_size=1, max_size=2),
            BOUND,
        ),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, parts, BOUND),
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        _objects(parts),
        _arrays(parts),
        st.builds(lambda either: {"anyOf": either}, st.lists(parts, min_size=1, max_size=3)),
    ),
    max_leaves=5,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two that have a chance to fit: the reader's is the publisher's, or it, loosened somewhere, or any."""
    published = draw(SCHEMAS)
    return published, draw(st.one_of(st.just(_loosened(draw, published)), SCHEMAS))


def _loosened(draw: st.DrawFn, schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    change = draw(st.sampled_from(["none", "inside", "either", "drop"]))
    if change == "either":
        return {"anyOf": [draw(LEAVES), schema]}
    if change == "drop" and schema:
        gone = draw(st.sampled_from(sorted(schema)))
        return {key: value for key, value in schema.items() if key != gone}
    if change == "inside":
        return {
            key: {name: _loosened(draw, part) for name, part in value.items()} if key == "properties" else value
            for key, value in schema.items()
        }
    return schema


def written(schema: Any) -> st.SearchStrategy[Any]:
    """Data that the schema allows, without what it does not mention."""
    if "anyOf" in schema:
        return st.one_of([written(part) for part in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema["enum"] if "enum" in schema else [schema["const"]])
    low = schema.get("minimum", schema.get("exclusiveMinimum", -2))
    plain: dict[Any, st.SearchStrategy[Any]] = {
        "string": st.text("xy", min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 5)),
        "boolean": st.booleans(),
        "null": st.none(),
        "integer": st.integers(low, schema.get("maximum", low + 3)),
        "number": st.floats(low, low + 3, exclude_min="exclusiveMinimum" in schema),
        None: st.sampled_from([None, True, 0, 2.5, "x", [1], {"a": 1}]),
    }
    kind = schema.get("type")
    if kind == "object":
        return _written_objects(schema)
    return _written_arrays(schema) if kind == "array" else plain[kind]


def _written_objects(schema: Any) -> st.SearchStrategy[Any]:
    known = {name: written(part) for name, part in schema.get("properties", {}).items()}
    needed = {name: known[name] for name in schema.get("required", ()) if name in known}
    data = st.fixed_dictionaries(needed, optional={n: part for n, part in known.items() if n not in needed})
    others = schema.get("additionalProperties", False)
    if others is False:
        return data
    extra = st.dictionaries(st.sampled_from("abcz"), written({} if others is True else others), max_size=2)
    return st.builds(lambda some, more: {**{k: v for k, v in more.items() if k not in known}, **some}, data, extra)


def _written_arrays(schema: Any) -> st.SearchStrategy[Any]:
    first, rest = schema.get("prefixItems", []), written(schema.get("items", {}))
    least, most = schema.get("minItems", 0), schema.get("maxItems", 4)
    return st.integers(least, max(least, most)).flatmap(
        lambda size: st.tuples(*[written(first[i]) if i < len(first) else rest for i in range(size)]).map(list)
    )


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), pairs())
def test_where_nothing_stands_in_the_way_everything_written_is_read(data: st.DataObject, pair: tuple[Any, Any]) -> None:
    published, read = pair
    if obstacles(published, read):
        event("do not fit")
        return
    event("fit")
    sample = data.draw(written(published))
    jsonschema.Draft202012Validator(read).validate(sample)


@settings(max_examples=200, deadline=None)
@given(SCHEMAS)
def test_a_schema_that_is_read_as_it_is_written_has_no_obstacles(schema: Any) -> None:
    assert obstacles(schema, schema) == []
