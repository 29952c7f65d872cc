"""Columns that come, are filled, take NULL and go, under the eyes of code that knows nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from queue import Queue
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, models
from django.db.migrations.state import ProjectState
from django.db.models import OuterRef, Subquery

from strangler.cutover import AddColumn, AllowNull, DropColumn, FillColumn, SeverForeignKey
from strangler.cutover.severing.patience import MigrationRefused
from tests.support.waiting import until
from tests.unit.cutover.backfilled import session
from tests.unit.cutover.severed import (
    backwards,
    forwards,
    indexes,
    meanwhile,
    project,
    run,
    shelf,
    sql_of,
    tables,
)

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["tests.sample"])  # whose tables are empty

PLACE = models.CharField(max_length=9, default="", db_default="")
ADD = AddColumn("ticket", "place", PLACE)
ADD_INDEXED = AddColumn("ticket", "place", models.CharField(max_length=9, null=True, db_index=True))
FILL = FillColumn("ticket", "place", "shelf__code")
FILL_BY_FOURS = FillColumn("ticket", "place", "shelf__code", size=4)
TERMINATE = "SELECT pg_terminate_backend(%s)"


@pytest.fixture
def desk() -> Iterator[ProjectState]:
    """Twenty tickets on two shelves, and one on none."""
    with tables(project(shelf=shelf())) as state:
        run("INSERT INTO depot_shelf (code) VALUES ('A'), ('B')")
        run("INSERT INTO desk_ticket (note, shelf_id) SELECT n, 1 + n %% 2 FROM generate_series(1, 20) n")
        run("INSERT INTO desk_ticket (note) VALUES ('none')")
        yield state


def places() -> dict[str, int]:
    return dict(run("SELECT coalesce(place, 'NULL'), count(*) FROM desk_ticket GROUP BY 1"))


# --- AddColumn


def test_code_that_does_not_know_the_column_goes_on_inserting(desk: ProjectState) -> None:
    forwards(desk, ADD)
    run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('old code', 1)")
    assert places() == {"": 22}


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (models.CharField(max_length=9, default=""), "could not insert rows any more: give the field a db_default"),
        (models.CharField(max_length=9, null=True, unique=True), "the field is unique, .*: add a plain one"),
        (models.ForeignKey("depot.Shelf", models.CASCADE, null=True, related_name="+"), "the field is a relation"),
    ],
)
def test_a_column_that_would_stop_others_is_refused(desk: ProjectState, field: Any, said: str) -> None:
    with pytest.raises(MigrationRefused, match=rf"AddColumn\('ticket', 'place'\): .*{said}"):
        forwards(desk, AddColumn("ticket", "place", field))


def test_a_change_that_takes_long_by_itself_is_refused(desk: ProjectState) -> None:
    """A default that is different in each row makes PostgreSQL write the whole table anew, under its lock."""
    body = "$$ SELECT 1 FROM pg_sleep(0.05) $$"
    run(f"CREATE FUNCTION number_of_a_place() RETURNS int LANGUAGE sql VOLATILE AS {body}")
    try:
        number = models.Func(function="number_of_a_place", output_field=models.IntegerField())
        slow = AddColumn("ticket", "place", models.IntegerField(db_default=number), lock_timeout=0.1, attempts=2)
        with pytest.raises(MigrationRefused, match=r"could not add desk_ticket.place.*nobody holds a lock on it"):
            forwards(desk, slow)
        assert run("SELECT * FROM desk_ticket LIMIT 1") == [(1, "1", 2)]
    finally:
        run("DROP FUNCTION number_of_a_place")


def test_a_run_that_was_killed_behind_the_column_makes_its_index(desk: ProjectState) -> None:
    run("ALTER TABLE desk_ticket ADD COLUMN place varchar(9)")
    before = indexes()
    forwards(desk, ADD_INDEXED)
    assert len(set(indexes()) - set(before)) == 2  # Django's second one is for LIKE


def test_an_index_that_a_killed_run_has_left_half_made_is_made_anew(desk: ProjectState) -> None:
    before = indexes()
    forwards(desk, ADD_INDEXED)
    name, _ = sorted(set(indexes()) - set(before))
    run("UPDATE desk_ticket SET place = 'same'")
    run(f"DROP INDEX {name}")
    with pytest.raises(IntegrityError):
        run(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON desk_ticket (place)")  # leaves it, and not valid
    assert name not in indexes()
    forwards(desk, ADD_INDEXED)
    assert name in indexes()


def test_an_index_is_built_while_others_write(desk: ProjectState) -> None:
    run("ALTER TABLE desk_ticket ADD COLUMN place varchar(9)")
    before = indexes()
    with session() as writer:
        writer.execute("INSERT INTO desk_ticket (note) VALUES ('open')")
        with meanwhile(lambda: forwards(desk, ADD_INDEXED)) as adding:
            until(
                lambda: run("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%%'"),
                "the index",
            )
            run("INSERT INTO desk_ticket (note) VALUES ('free')")
            assert not adding.done()
            writer.commit()
            adding.result(60)
    assert len(set(indexes()) - set(before)) == 2


# --- FillColumn


@pytest.mark.parametrize("size", [1, 4, 1_000])
def test_what_is_empty_is_filled_and_what_has_no_source_stays(desk: ProjectState, size: int) -> None:
    state = forwards(desk, ADD)
    run("UPDATE desk_ticket SET place = 'mine' WHERE id = 7")
    forwards(state, FillColumn("ticket", "place", "shelf__code", size=size))
    assert places() == {"A": 10, "B": 9, "mine": 1, "": 1}


def test_a_source_may_be_any_expression_over_the_row(desk: ProjectState) -> None:
    def of_the_shelf(apps: Any) -> Subquery:
        return Subquery(apps.get_model("depot", "Shelf").objects.filter(pk=OuterRef("shelf__id")).values("code"))

    forwards(forwards(desk, ADD), FillColumn("ticket", "place", of_the_shelf))
    assert places() == {"A": 10, "B": 10, "": 1}


def test_with_backwards_it_works_on_the_way_back_only(desk: ProjectState) -> None:
    state = forwards(desk, ADD)
    back = FillColumn("ticket", "place", "shelf__code", backwards=True)
    forwards(state, back)
    assert places() == {"": 21}
    backwards(state, FILL)
    assert places() == {"": 21}
    backwards(state, back)
    assert places() == {"A": 10, "B": 10, "": 1}


def test_killed_in_the_middle_it_goes_on_with_what_is_empty(desk: ProjectState) -> None:
    state = forwards(desk, ADD)
    pids: Queue[int] = Queue()

    def fill() -> None:
        pids.put(run("SELECT pg_backend_pid()")[0][0])
        forwards(state, FILL_BY_FOURS)

    with session() as other:
        other.execute("SELECT FROM desk_ticket WHERE id = 11 FOR UPDATE")
        with meanwhile(fill) as filling:
            until(
                lambda: places().get("") == 11, "all rows before the one that is held, and its neighbours, to be filled"
            )
            run(TERMINATE, pids.get(timeout=10))
            with pytest.raises(OperationalError):
                filling.result(60)
    assert places() == {"A": 5, "B": 5, "": 11}
    forwards(state, FILL_BY_FOURS)
    assert places() == {"A": 10, "B": 10, "": 1}


def test_a_row_that_somebody_holds_for_too_long_is_named(desk: ProjectState) -> None:
    state = forwards(desk, ADD)
    impatient = FillColumn("ticket", "place", "shelf__code", size=4, attempts=2)
    with session() as other:
        other.execute("SELECT FROM desk_ticket WHERE id = 3 FOR UPDATE")
        said = (
            r"row 3 of desk_ticket is held by another transaction, after 2 attempts. At work on the table: process \d+"
        )
        with pytest.raises(MigrationRefused, match=said):
            forwards(state, impatient)
    assert places() == {"A": 1, "B": 1, "": 19}
    forwards(state, impatient)
    assert places() == {"A": 10, "B": 10, "": 1}


def test_a_size_of_nothing_is_refused_and_sqlmigrate_says_that_it_is_no_sql(desk: ProjectState) -> None:
    state = forwards(desk, ADD)
    with pytest.raises(MigrationRefused, match=r"FillColumn\('ticket', 'place'\): size=0: give a whole number from 1"):
        forwards(state, FillColumn("ticket", "place", "shelf__code", size=0))
    assert "CANNOT BE WRITTEN AS SQL" in sql_of(state, FILL)


# --- AllowNull, DropColumn


@pytest.fixture
def filled() -> Iterator[ProjectState]:
    """Where a ticket must stand on a shelf."""
    with tables(project(shelf=shelf(null=False))) as state:
        run("INSERT INTO depot_shelf (code) VALUES ('A')")
        run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('one', 1)")
        yield state


SEVERED = (SeverForeignKey("ticket", "shelf"), AllowNull("ticket", "shelf_id"))


def is_required() -> bool:
    statement = "SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'shelf_id'"
    return bool(run(statement, "desk_ticket")[0][0])


def checks() -> list[tuple[Any, ...]]:
    return run("SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'c'", "desk_ticket")


def test_null_is_allowed_and_forbidden_again(filled: ProjectState) -> None:
    state = forwards(filled, *SEVERED)
    assert not is_required()
    assert state.models["desk", "ticket"].fields["shelf_id"].null
    backwards(filled, *SEVERED)
    assert is_required()
    assert checks() == []


def test_null_is_not_forbidden_over_rows_that_have_it(filled: ProjectState) -> None:
    forwards(filled, *SEVERED)
    run("INSERT INTO desk_ticket (note) VALUES ('new'), ('code')")
    with pytest.raises(
        MigrationRefused, match=r"2 rows of desk_ticket have no shelf_id, .*backwards=True\) behind this"
    ):
        backwards(filled, *SEVERED)
    assert not is_required()
    everywhere = FillColumn("ticket", "shelf_id", lambda apps: models.Value(1), backwards=True)
    backwards(filled, *SEVERED, everywhere)
    assert is_required()


def test_a_killed_way_back_to_not_null_goes_on_where_it_was(filled: ProjectState) -> None:
    """The rule is there as a check, and nobody has validated it yet."""
    forwards(filled, *SEVERED)
    (rule,) = re.findall(r"ADD CONSTRAINT .* CHECK .* NOT VALID", sql_of(filled, *SEVERED, taken_back=True))
    run(f"ALTER TABLE desk_ticket {rule}")
    run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('new', 1)")
    backwards(filled, *SEVERED)
    assert is_required()
    assert checks() == []


def test_a_column_goes_and_comes_back_empty_with_its_index(filled: ProjectState) -> None:
    before = indexes()
    state = forwards(filled, *SEVERED)
    drop = DropColumn("ticket", "shelf_id")
    forwards(state, drop)
    forwards(state, drop)  # as after a kill
    assert len(indexes()) == len(before) - 1
    backwards(state, drop)
    assert indexes() == before
    assert run("SELECT shelf_id FROM desk_ticket") == [(None,)]


def test_a_column_that_is_still_needed_is_not_dropped(filled: ProjectState) -> None:
    with pytest.raises(MigrationRefused, match=r"DropColumn\('ticket', 'shelf'\): .*put SeverForeignKey before it"):
        forwards(filled, DropColumn("ticket", "shelf"))
    severed = forwards(filled, SEVERED[0])
    with pytest.raises(MigrationRefused, match=r"takes no NULL.*put AllowNull before it"):
        forwards(severed, DropColumn("ticket", "shelf_id"))


def test_a_field_that_is_not_there_is_named(filled: ProjectState) -> None:
    with pytest.raises(
        MigrationRefused, match=r"AllowNull\('ticket', 'place'\): there is no such field \(there are id"
    ):
        forwards(filled, AllowNull("ticket", "place"))
