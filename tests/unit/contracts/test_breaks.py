"""A change, field by field: whom it breaks, in which direction, by which mode."""

from __future__ import annotations

from typing import Any

import pytest

from strangler.contracts.breaks import Break, Direction, Mode, breaks, unmet
from strangler.contracts.files import published
from strangler.contracts.language import Language, Published
from tests.unit.contracts.planted import TEXT, event, need

NUMBER = {"type": "number"}
LINES = {
    "type": "array",
    "items": {"type": "object", "properties": {"sku": TEXT, "n": NUMBER}, "required": ["sku", "n"]},
}
MAILING = need(number=TEXT, total=TEXT)
BOOKS = need(group="books", number=TEXT)


def told(found: list[Break]) -> list[tuple[str, str, list[str]]]:
    return [(each.direction.value, str(each), [reader.group for reader in each.consumers]) for each in found]


def changed(before: Published, now: Published, *needs: Any, mode: str = "full") -> list[tuple[str, str, list[str]]]:
    return told(breaks(Language([now], needs), Language([before]), Mode(mode), [now.type]))


def test_a_field_that_goes_breaks_those_who_need_it_and_names_them() -> None:
    assert changed(event(total=TEXT), event(), MAILING, BOOKS) == [("forward", "total: is missing", ["mailing"])]


def test_a_field_of_another_type_breaks_both_ways() -> None:
    assert changed(event(total=TEXT), event(total=NUMBER), MAILING) == [
        ("forward", "total: is number, read as string", ["mailing"]),
        ("backward", "total: is string, read as number", []),
    ]


def test_a_new_field_that_is_always_there_is_missing_in_what_was_written_before() -> None:
    found = changed(event(), event(total=TEXT), MAILING, BOOKS)
    assert found == [("backward", "total: is missing", ["mailing"])]
    assert changed(event(), event(total=TEXT), MAILING, mode="forward") == []


def test_a_new_field_that_may_be_missing_breaks_nobody() -> None:
    assert changed(event(), event(total_=TEXT), BOOKS) == []


def test_a_place_inside_a_list_is_named_with_its_reader() -> None:
    fewer = {**LINES, "items": {**LINES["items"], "properties": {"sku": TEXT}, "required": ["sku"]}}
    reader = need(lines=LINES)
    assert changed(event(lines=LINES), event(lines=fewer), reader, BOOKS) == [
        ("forward", "lines[*].n: is missing", ["mailing"])
    ]


def test_what_only_a_consumer_minds_is_found_as_well() -> None:
    """That it may be missing is nothing to a reader of the schema, which said that it may; this one counts on it."""
    both = [event(total=TEXT), event(total_=TEXT)]
    assert changed(*both, need(total=TEXT)) == [("forward", "total: may be missing", ["mailing"])]
    short = {"type": "string", "maxLength": 9}
    assert changed(event(total=short), event(total=TEXT), need(total={**TEXT, "maxLength": 12})) == [
        ("forward", "total: maxLength is none, read as 9", ["mailing"])
    ]
    choice = {"enum": ["a", "b"]}
    loose = event(total={"anyOf": [choice, TEXT]})
    assert changed(loose, loose, need(total=choice)) == []  # it stood in the way before: no change of ours


def test_who_reads_the_place_in_another_way_is_named_with_the_field_that_did_it() -> None:
    """Its own obstacle is at the address as a whole: one that is told twice would count for two changes."""
    whole = {"type": "object", "properties": {"city": TEXT}, "required": ["city"]}
    other = {"type": "object", "properties": {"zip": TEXT}, "required": ["zip"]}
    either = need(address={"anyOf": [whole, other]})
    assert changed(event(address=whole), event(address={"type": "object"}), either) == [
        ("forward", "address.city: is missing", ["mailing"])
    ]


@pytest.mark.parametrize(
    ("mode", "directions"),
    [
        ("forward", {"forward"}),
        ("backward", {"backward"}),
        ("full", {"forward", "backward"}),
        ("full-transitive", {"forward", "backward"}),
    ],
)
def test_a_mode_asks_in_its_directions(mode: str, directions: set[str]) -> None:
    found = changed(event(total=TEXT), event(total=NUMBER), MAILING, mode=mode)
    assert {direction for direction, *_ in found} == directions


def test_another_key_or_topic_is_another_order() -> None:
    schema = dict(event().schema)
    moved = published("sample.told", 1, {**schema, "x-event": {**schema["x-event"], "key": "customer"}})
    [(direction, what, whom)] = changed(event(), moved, BOOKS)
    assert (direction, whom) == ("forward", ["books"])
    assert what == "its key was number and is customer: the order of its messages is another"


def test_a_new_version_breaks_those_who_read_none_so_new() -> None:
    now = Language([event(total=TEXT), event(version=2, total=NUMBER)], [MAILING, need("books", version=2, oldest=1)])
    assert told(breaks(now, Language([event(total=TEXT)]), Mode.FULL, ["sample.told"])) == [
        ("forward", "is newer than v1, which is read: it will be parked until a reader of it is deployed", ["mailing"]),
        ("forward", "total: is number, read as string", ["mailing"]),
    ]


def test_a_new_version_breaks_those_who_cannot_lift_the_last() -> None:
    now = Language([event(version=2)], [need("books", version=2), need(version=2, oldest=1)])
    found = breaks(now, Language([event()]), Mode.BACKWARD, ["sample.told"])
    lost = ("backward", "no upcaster lifts it to v2, which is read", ["books"])
    assert lost in told(found)
    assert found[0].event == "sample.told.v1"


def versions(*numbers: int) -> list[Published]:
    return [event(version=number) for number in numbers]


def test_the_transitive_modes_ask_it_of_every_version() -> None:
    late, fresh, old = need("late", version=2), need("fresh", version=3, oldest=2), need("old", version=3, oldest=1)
    now = Language(versions(1, 2, 3), [need("last", version=1), late, fresh, old])
    before = Language(versions(1, 2))
    short = told(breaks(now, before, Mode.FULL, ["sample.told"]))
    assert [whom for _, _, whom in short] == [["late"]]
    long = told(breaks(now, before, Mode.FULL_TRANSITIVE, ["sample.told"]))
    assert [(direction, whom) for direction, _, whom in long] == [
        ("forward", ["last"]),
        ("forward", ["late"]),
        ("backward", ["late"]),
        ("backward", ["fresh"]),
    ]


def test_a_step_that_was_taken_before_is_no_change_of_now() -> None:
    now = Language(versions(1, 2), [need("late", version=1)])
    assert breaks(now, now, Mode.FULL, ["sample.told"]) == []
    assert len(breaks(now, now, Mode.FULL_TRANSITIVE, ["sample.told"])) == 1


def test_an_event_that_nobody_publishes_any_more_breaks_those_who_read_it() -> None:
    retired = published("sample.told", 1, {**event().schema, "deprecated": True})
    assert changed(event(), retired, BOOKS) == [("forward", "nobody publishes it any more", ["books"])]
    assert changed(event(), retired) == []
    assert changed(retired, retired, BOOKS) == []


def test_a_schema_that_was_deleted_is_missed() -> None:
    found = breaks(Language(versions(2)), Language(versions(1, 2)), Mode.FULL, ["sample.told"])
    assert [(each.event, each.what) for each in found] == [
        ("sample.told.v1", "its schema is gone, and logs may still hold it")
    ]


def test_what_a_consumer_misses_in_an_owners_schemas() -> None:
    assert [str(each) for each in unmet(MAILING, [event()])] == ["total: is missing"]
    assert unmet(BOOKS, [event(total=TEXT)]) == []
    assert [str(each) for each in unmet(BOOKS, [])] == ["nobody publishes it"]
    assert "is newer than v1" in str(unmet(BOOKS, versions(1, 2))[0])
    [lost] = unmet(need(version=3, oldest=3), versions(2, 3))
    assert (lost.direction, lost.event) == (Direction.BACKWARD, "sample.told.v2")


def test_a_retired_version_is_missed_only_by_who_replays_all() -> None:
    retired = published("sample.told", 1, {**event().schema, "deprecated": True})
    reader = need(version=2)
    assert unmet(reader, [retired, event(version=2)]) == []
    [lost] = unmet(reader, [retired, event(version=2)], Mode.BACKWARD_TRANSITIVE)
    assert str(lost) == "no upcaster lifts it to v2, which is read"
