"""What a real PostgreSQL says of inserts, decoded: nobody here encodes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier, Literal

from strangler.errors import ConfigurationError
from strangler.relay.stream.pgoutput import BEGIN, COMMIT, INSERT, RELATION, Inserts, end_of, transaction_of
from tests.stack.postgres import server

COLUMNS = ("id", "payload", "topic")
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
pytestmark = pytest.mark.django_db(transaction=True)


class Table:
    """A table, a slot that brings its inserts, and what there is to know of each."""

    def __init__(self, session: psycopg.Connection, schema: str = "decoded") -> None:
        self.session = session
        self.schema = schema
        self.inserts = Inserts(schema, "box", COLUMNS)
        self.slot = f"{schema}_slot"
        session.execute(f"CREATE SCHEMA {schema}")
        session.execute(f"CREATE TABLE {schema}.box (nothing int, topic text, number bigint, id uuid, payload text)")
        session.execute(f"CREATE PUBLICATION {schema} FOR TABLES IN SCHEMA {schema} WITH (publish = 'insert')")
        session.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput', true)", [self.slot])

    def insert(self, *rows: tuple[str, str, str], table: str = "box") -> int:
        """In one transaction, whose number it returns."""
        statement = SQL("INSERT INTO {} (id, payload, topic) VALUES (%s, %s, %s)").format(
            Identifier(self.schema, table)
        )
        with self.session.transaction():
            for row in rows:
                self.session.execute(statement, row)
            ((number,),) = self.session.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()
        return int(number)

    def messages(self) -> list[bytes]:
        """What the plugin has to say since the last call."""
        statement = SQL(
            "SELECT data FROM pg_logical_slot_get_binary_changes({}, NULL, NULL, 'proto_version', '1', "
            "'publication_names', {})"
        )
        said = self.session.execute(statement.format(Literal(self.slot), Literal(self.schema)), binary=True)
        return [bytes(data) for (data,) in said.fetchall()]

    def decoded(self, messages: Sequence[bytes]) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for message in messages:
            if message[0] == RELATION:
                self.inserts.learn(message)
            if message[0] == INSERT and (values := self.inserts.values(message)) is not None:
                rows.append(tuple(value.decode() for value in values))
        return rows

    def drop(self) -> None:
        self.session.execute(f"DROP PUBLICATION {self.schema}; DROP SCHEMA {self.schema} CASCADE")


@pytest.fixture
def table() -> Iterator[Table]:
    with server().connect(str(connection.settings_dict["NAME"])) as session:
        table = Table(session)
        yield table
        table.drop()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.uuids().map(str), TEXT, TEXT), min_size=1, max_size=5))
def test_whatever_is_inserted_comes_out_again(table: Table, rows: list[tuple[str, str, str]]) -> None:
    table.insert(*rows)
    assert table.decoded(table.messages()) == rows


ID = "0193d5f2-7c1e-7000-8000-000000000001"


def test_a_large_value_that_is_stored_outside_its_row_comes_whole(table: Table) -> None:
    payload = "".join(f"{number:x}" for number in range(1_500_000))
    table.insert((ID, payload, "a"))
    assert table.decoded(table.messages()) == [(ID, payload, "a")]


def test_a_transaction_has_its_number_and_an_end_that_lies_behind_all_of_it(table: Table) -> None:
    before = _position(table)
    number = table.insert((ID, "a", "b"))
    messages = table.messages()
    begin, commit = messages[0], messages[-1]
    assert (begin[0], commit[0]) == (BEGIN, COMMIT)
    assert transaction_of(begin) == number % 2**32
    assert before < end_of(commit) <= _position(table)


def test_what_is_rolled_back_is_not_told(table: Table) -> None:
    with table.session.transaction(force_rollback=True):
        table.session.execute("INSERT INTO decoded.box (id, payload, topic) VALUES (%s, 'never', 'b')", [ID])
    table.insert((ID, "a", "b"))
    assert table.decoded(table.messages()) == [(ID, "a", "b")]


def test_other_tables_of_the_publication_are_passed_over_a_namesake_in_another_schema_too(table: Table) -> None:
    table.session.execute("CREATE TABLE decoded.other (LIKE decoded.box)")
    elsewhere = Inserts("public", "box", COLUMNS)
    table.insert((ID, "not this", "x"), table="other")
    table.insert((ID, "a", "b"))
    messages = table.messages()
    assert table.decoded(messages) == [(ID, "a", "b")]
    for relation in (message for message in messages if message[0] == RELATION):
        elsewhere.learn(relation)
    assert [elsewhere.values(message) for message in messages if message[0] == INSERT] == [None, None]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE decoded.box DROP COLUMN nothing",
        "ALTER TABLE decoded.box DROP COLUMN topic; ALTER TABLE decoded.box ADD COLUMN topic text",
        "ALTER TABLE decoded.box ADD COLUMN more text DEFAULT 'x'",
        "ALTER TABLE decoded.box ALTER COLUMN topic TYPE varchar(20)",
    ],
)
def test_the_table_may_change_between_two_rows(table: Table, change: str) -> None:
    table.insert((ID, "before", "a"))
    table.session.execute(change.encode())
    table.insert((ID, "after", "b"))
    assert table.decoded(table.messages()) == [(ID, "before", "a"), (ID, "after", "b")]


def test_a_column_that_is_gone_is_named(table: Table) -> None:
    table.session.execute("ALTER TABLE decoded.box RENAME COLUMN payload TO body")
    table.session.execute("INSERT INTO decoded.box (id) VALUES (%s)", [ID])
    with pytest.raises(ConfigurationError, match=r"decoded\.box has no column payload"):
        table.decoded(table.messages())


def test_a_table_that_was_renamed_is_ours_no_more(table: Table) -> None:
    table.insert((ID, "ours", "a"))
    table.session.execute("ALTER TABLE decoded.box RENAME TO box_of_yesterday")
    table.insert((ID, "not ours", "a"), table="box_of_yesterday")
    assert table.decoded(table.messages()) == [(ID, "ours", "a")]


def _position(table: Table) -> int:
    ((position,),) = table.session.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchall()
    return int(position)
