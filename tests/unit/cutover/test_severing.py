"""A foreign key is severed and joined again on real tables, while others hold locks on them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, models
from django.db.migrations.state import ModelState, ProjectState

from strangler.cutover import SeverForeignKey
from strangler.cutover.severing.patience import MigrationRefused
from tests.support.waiting import until
from tests.unit.cutover.backfilled import session, somebody_waits
from tests.unit.cutover.severed import (
    backwards,
    changes,
    constraints,
    forwards,
    indexes,
    key,
    meanwhile,
    project,
    run,
    shelf,
    sql_of,
    tables,
)

pytestmark = pytest.mark.django_db(transaction=True, available_apps=["tests.sample"])  # whose tables are empty

SEVER = SeverForeignKey("ticket", "shelf")
ONCE = SeverForeignKey("ticket", "shelf", lock_timeout=0.05, attempts=2)
LOCK_SECONDS = 0.2


@pytest.fixture
def desk() -> Iterator[ProjectState]:
    with tables(project(shelf=shelf())) as state:
        run("INSERT INTO depot_shelf (code) VALUES ('A'), ('B')")
        run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('one', 1), ('two', 2), ('none', NULL)")
        yield state


# --- what it does


def test_the_constraint_goes_and_column_index_and_values_stay(desk: ProjectState) -> None:
    before = indexes()
    state = forwards(desk, SEVER)
    assert (constraints(), indexes()) == ({}, before)
    assert run("SELECT note, shelf_id FROM desk_ticket ORDER BY id") == [("one", 1), ("two", 2), ("none", None)]
    field = state.apps.get_model("desk", "Ticket")._meta.get_field("shelf_id")
    assert (type(field), field.column, field.null, field.db_index) == (models.BigIntegerField, "shelf_id", True, True)
    run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('elsewhere', 4711)")


def test_code_with_the_foreign_key_and_code_with_the_plain_field_work_side_by_side(desk: ProjectState) -> None:
    old, new = (state.apps.get_model("desk", "Ticket") for state in (desk, forwards(desk, SEVER)))
    old.objects.create(note="old", shelf_id=1)
    new.objects.create(note="new", shelf_id=1)
    assert sorted(old.objects.filter(shelf__code="A").values_list("note", flat=True)) == ["new", "old", "one"]
    assert new.objects.filter(shelf_id=1).count() == 3


def test_taken_back_the_constraint_is_as_it_was(desk: ProjectState) -> None:
    before = constraints()
    forwards(desk, SEVER)
    backwards(desk, SEVER)
    assert constraints() == before
    assert set(before.values()) == {True}
    with pytest.raises(IntegrityError):
        run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('', 4711)")


def test_a_run_that_is_repeated_changes_nothing(desk: ProjectState) -> None:
    forwards(desk, SEVER)
    forwards(desk, SEVER)
    backwards(desk, SEVER)
    backwards(desk, SEVER)
    assert set(constraints().values()) == {True}


def test_sqlmigrate_shows_what_will_be_done(desk: ProjectState) -> None:
    (name,) = constraints()
    assert f'ALTER TABLE "desk_ticket" DROP CONSTRAINT IF EXISTS "{name}"' in sql_of(desk, SEVER)
    forwards(desk, SEVER)
    back = sql_of(desk, SEVER, taken_back=True)
    assert f'ADD CONSTRAINT "{name}" FOREIGN KEY ("shelf_id") REFERENCES "depot_shelf" ("id")' in back
    assert 'NOT VALID;\n-- In a transaction of its own, tried for 0.2 s at a time:\nALTER TABLE "desk_ticket"' in back
    assert f'VALIDATE CONSTRAINT "{name}"' in back
    assert constraints() == {}


# --- what makemigrations finds afterwards


def indexed(name: str) -> ModelState:
    return ModelState(
        "desk",
        "Ticket",
        [("id", key()), ("note", models.CharField(max_length=9)), (name, shelf() if name == "shelf" else plain())],
        options={
            "indexes": [models.Index(fields=[name, "-note"], name="desk_by_shelf")],
            "constraints": [models.UniqueConstraint(fields=["note", name], name="desk_once")],
            "unique_together": {(name, "note")},
        },
    )


def plain(**options: Any) -> models.Field[Any, Any]:
    return models.BigIntegerField(**{"null": True, "db_index": True, **options})


@pytest.mark.parametrize(
    ("before", "severed", "after"),
    [
        ({"shelf": shelf()}, SEVER, {"shelf_id": plain()}),
        ({"shelf": shelf(blank=True)}, SEVER, {"shelf_id": plain(blank=True)}),
        ({"shelf": shelf(null=False, db_index=False)}, SEVER, {"shelf_id": plain(null=False, db_index=False)}),
        ({"shelf": shelf(db_column="place")}, SEVER, {"shelf_id": plain(db_column="place")}),
        ({"shelf": shelf()}, SeverForeignKey("ticket", "shelf", to="shelf"), {"shelf": plain(db_column="shelf_id")}),
        ({"shelf": shelf()}, SeverForeignKey("Ticket", "shelf", to="place"), {"place": plain(db_column="shelf_id")}),
        (
            {"shelf": shelf(to_field="code")},
            SEVER,
            {"shelf_id": models.CharField(max_length=9, null=True, db_index=True)},
        ),
        (
            {"shelf": models.OneToOneField("depot.Shelf", models.PROTECT)},
            SEVER,
            {"shelf_id": models.BigIntegerField(unique=True)},
        ),
    ],
)
def test_the_models_say_what_the_migrations_say(before: Any, severed: SeverForeignKey, after: Any) -> None:
    state = project(**before)
    severed.state_forwards("desk", state)
    assert changes(state, project(**after)) == []


def test_a_reference_to_a_row_whose_key_is_a_reference_has_the_type_of_that(desk: ProjectState) -> None:
    link = models.OneToOneField("depot.Shelf", models.CASCADE, primary_key=True)
    desk.add_model(ModelState("depot", "Label", [("shelf", link)]))
    desk.add_field("desk", "ticket", "label", models.ForeignKey("depot.Label", models.CASCADE), preserve_default=True)
    SeverForeignKey("ticket", "label").state_forwards("desk", desk)
    assert isinstance(desk.models["desk", "ticket"].fields["label_id"], models.BigIntegerField)


def test_indexes_and_constraints_know_the_field_by_its_new_name() -> None:
    state, wanted = project(), project()
    for each, name in ((state, "shelf"), (wanted, "shelf_id")):
        each.remove_model("desk", "ticket")
        each.add_model(indexed(name))
    SEVER.state_forwards("desk", state)
    assert changes(state, wanted) == []


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("place", {}, r"desk.ticket.place is no foreign key \(desk.ticket has shelf\)"),
        ("note", {}, r"desk.ticket.note is no foreign key \(desk.ticket has shelf\)"),
        ("shelf", {"to": "note"}, "there is a field 'note' already: give another to="),
    ],
)
def test_what_is_no_foreign_key_is_named(name: str, options: Any, said: str) -> None:
    with pytest.raises(MigrationRefused, match=f"SeverForeignKey\\('ticket', '{name}'\\): {said}"):
        SeverForeignKey("ticket", name, **options).state_forwards("desk", project(shelf=shelf()))


def test_a_many_to_many_a_link_to_a_parent_and_an_unknown_model_are_refused() -> None:
    link = models.OneToOneField("depot.Shelf", models.CASCADE, parent_link=True)
    state = project(shelves=models.ManyToManyField("depot.Shelf"), parent=link)
    for operation, said in (
        (SeverForeignKey("ticket", "shelves"), "give it a through model, and sever its foreign keys"),
        (SeverForeignKey("ticket", "parent"), "is the link to its parent's table"),
        (SeverForeignKey("chair", "shelf"), "there is no model desk.chair at this point of the migrations"),
    ):
        with pytest.raises(MigrationRefused, match=said):
            operation.state_forwards("desk", state)


def test_an_expression_that_names_the_field_takes_the_way_out() -> None:
    def state() -> ProjectState:
        found = project(shelf=shelf())
        placed = models.CheckConstraint(condition=models.Q(shelf__isnull=False), name="desk_placed")
        found.models["desk", "ticket"].options["constraints"] = [placed]
        return found

    with pytest.raises(
        MigrationRefused, match=r"CheckConstraint desk_placed mentions 'shelf'.*keep the name with to='sh"
    ):
        SEVER.state_forwards("desk", state())
    SeverForeignKey("ticket", "shelf", to="shelf").state_forwards("desk", state())


# --- what dangles


def test_taken_back_over_rows_that_refer_to_nothing_is_refused_with_their_number(desk: ProjectState) -> None:
    forwards(desk, SEVER)
    run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('x', 8), ('y', 9), ('z', 9), ('u', 10), ('v', 11)")
    said = (
        r"of desk_ticket.shelf_id 5 rows refer to nothing \('10', '11', '8', …\) in depot_shelf.id.*or set them to NULL"
    )
    with session() as writer:
        writer.execute("UPDATE depot_shelf SET code = 'C' WHERE id = 2")
        with pytest.raises(MigrationRefused, match=said) as refused:
            backwards(desk, ONCE)  # before it asks for a lock
    assert constraints() == {}
    question = str(refused.value).partition("Look at them (")[2].partition("), put back")[0]
    assert {row[1] for row in run(question)} == {"x", "y", "z", "u", "v"}
    run("UPDATE desk_ticket SET shelf_id = NULL WHERE shelf_id > 2")
    backwards(desk, SEVER)
    assert set(constraints().values()) == {True}


def not_valid(desk: ProjectState) -> str:
    """As a run leaves it that is killed after the first half of the way back."""
    (name,) = constraints()
    forwards(desk, SEVER)
    run(f"ALTER TABLE desk_ticket ADD CONSTRAINT {name} FOREIGN KEY (shelf_id) REFERENCES depot_shelf NOT VALID")
    return str(name)


def test_a_killed_way_back_goes_on_where_it_was_and_validates(desk: ProjectState) -> None:
    name = not_valid(desk)
    backwards(desk, SEVER)
    assert constraints() == {name: True}


def test_validating_finds_what_began_to_dangle_meanwhile_and_leaves_no_half_constraint(desk: ProjectState) -> None:
    (name,) = constraints()
    forwards(desk, SEVER)
    run("INSERT INTO desk_ticket (note, shelf_id) VALUES ('x', 8)")
    run(f"ALTER TABLE desk_ticket ADD CONSTRAINT {name} FOREIGN KEY (shelf_id) REFERENCES depot_shelf NOT VALID")
    with pytest.raises(MigrationRefused, match="1 row refers to nothing"):
        backwards(desk, SEVER)
    assert constraints() == {}


def test_validating_waits_for_nobody_who_reads_or_writes(desk: ProjectState) -> None:
    name = not_valid(desk)
    with session() as writer:
        writer.execute("INSERT INTO desk_ticket (note, shelf_id) VALUES ('open', 1)")
        writer.execute("UPDATE depot_shelf SET code = 'C' WHERE id = 2")
        backwards(desk, SeverForeignKey("ticket", "shelf", attempts=1))
    assert constraints() == {name: True}


# --- locks


@pytest.mark.parametrize("held", ["SELECT FROM depot_shelf", "UPDATE desk_ticket SET note = ''"])
def test_behind_a_long_transaction_nobody_waits_longer_than_it_asks_for_the_lock(desk: ProjectState, held: str) -> None:
    """Of one who reads the table that is referred to, and of one who writes into the other."""
    with session() as long, session() as customer:
        customer.autocommit = True
        long.execute(held)
        with meanwhile(lambda: forwards(desk, SEVER)) as severing:
            until(somebody_waits, "the severing to ask for its lock")
            waits, end = [0.0, 0.0], time.monotonic() + 1.5
            while time.monotonic() < end or sorted(waits)[-2] < LOCK_SECONDS / 2:
                waits += [_seconds(customer, "INSERT INTO desk_ticket (note) VALUES (%s)", "new")]
                waits += [_seconds(customer, "INSERT INTO depot_shelf (code) VALUES (%s)", str(len(waits)))]
            assert not severing.done()
            long.rollback()
            severing.result(60)
    print(f"the longest of {len(waits)} writes took {max(waits):.3f} s behind {held}")
    assert sorted(waits)[-2] < LOCK_SECONDS * 5, "the longest may be that of a machine that did nothing for a while"
    assert constraints() == {}


def _seconds(customer: Any, statement: str, value: str) -> float:
    began = time.monotonic()
    customer.execute(statement, [value])
    return time.monotonic() - began


def test_in_a_deadlock_the_severing_gives_up_and_never_the_customer(desk: ProjectState) -> None:
    """She waits behind the severing before it waits for her, so PostgreSQL's own look would be hers, and end her."""
    with session() as long, session() as customer:
        customer.execute("INSERT INTO depot_shelf (code) VALUES ('D')")
        long.execute("SELECT FROM desk_ticket")
        with meanwhile(lambda: forwards(desk, SeverForeignKey("ticket", "shelf", lock_timeout=60))) as severing:
            until(sessions_that_wait, "the severing to ask for the tickets")
            with meanwhile(lambda: customer.execute("INSERT INTO desk_ticket (note) VALUES ('late')")) as buying:
                until(lambda: sessions_that_wait() == 2 or buying.done(), "the customer to wait behind it")
                long.rollback()
                buying.result(60)
            customer.commit()
            severing.result(60)
    assert run("SELECT count(*) FROM desk_ticket WHERE note = 'late'") == [(1,)]
    assert constraints() == {}


def sessions_that_wait() -> int:
    ((count,),) = run("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    return int(count)


def test_without_the_lock_it_says_who_is_in_the_way_and_changes_nothing(desk: ProjectState) -> None:
    before = constraints()
    with session() as long:
        (pid,) = long.execute("SELECT pg_backend_pid() FROM depot_shelf LIMIT 1").fetchone() or (0,)
        dropped = rf"could not drop {next(iter(before))}, .*, within 0.05 s or half of deadlock_timeout, in 2 attempts"
        said = rf"{dropped}. In the way: process {pid} .*run migrate again"
        with pytest.raises(MigrationRefused, match=said):
            forwards(desk, ONCE)
        assert constraints() == before
    forwards(desk, ONCE)
    assert constraints() == {}


def test_what_is_refused_ends_manage_py_migrate_in_one_line() -> None:
    assert issubclass(MigrationRefused, CommandError)


def test_a_migration_that_ended_half_way_is_run_again(desk: ProjectState) -> None:
    """The second of its operations did not come to an end: what the first has done is done."""
    state = project(shelf=shelf(), other=models.ForeignKey("depot.Shelf", models.PROTECT, null=True, related_name="+"))
    run("ALTER TABLE desk_ticket ADD COLUMN other_id bigint")
    run("ALTER TABLE desk_ticket ADD CONSTRAINT other FOREIGN KEY (other_id) REFERENCES depot_shelf")
    broken = SeverForeignKey("ticket", "other", lock_timeout=-1)
    with pytest.raises(MigrationRefused, match=r"lock_timeout=-1, attempts=50: give seconds above 0"):
        forwards(state, SEVER, broken)
    assert list(constraints()) == ["other"]
    after = forwards(state, SEVER, SeverForeignKey("ticket", "other"))
    assert constraints() == {}
    assert {"shelf_id", "other_id"} <= set(after.models["desk", "ticket"].fields)


def test_in_one_transaction_with_the_rest_of_its_migration_it_is_refused(desk: ProjectState) -> None:
    with pytest.raises(MigrationRefused, match="Write `atomic = False` in the class Migration"):
        forwards(desk, SEVER, atomic=True)
    assert constraints()
