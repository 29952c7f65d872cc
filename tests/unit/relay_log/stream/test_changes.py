"""What a real PostgreSQL says of every kind of change, decoded: nobody here encodes it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from strangler.relay.stream.changes import Change, Changes
from strangler.relay.stream.pgoutput import RELATION
from tests.stack.postgres import server

BOX = ("changed", "box")
LARGE = "".join(f"{number:x}" for number in range(200_000))
pytestmark = pytest.mark.django_db(transaction=True)


class Log:
    """Of a schema, what happened to `changed.box (id, key, other)`."""

    def __init__(self, session: psycopg.Connection) -> None:
        self.session = session
        self.changes = Changes({BOX: ("id", "key")})
        session.execute("CREATE SCHEMA changed")
        session.execute("CREATE TABLE changed.box (nothing int, key text, other text, id bigint PRIMARY KEY)")
        session.execute(
            "CREATE PUBLICATION changed FOR TABLES IN SCHEMA changed WITH (publish_via_partition_root = true)"
        )
        session.execute("SELECT pg_create_logical_replication_slot('changed', 'pgoutput', true)")

    def __call__(self, *statements: str) -> list[Change]:
        """What the log says after them."""
        for statement in statements:
            self.session.execute(statement.encode())
        said = self.session.execute(
            "SELECT data FROM pg_logical_slot_get_binary_changes('changed', NULL, NULL, 'proto_version', '1', "
            "'publication_names', 'changed')",
            binary=True,
        )
        found: list[Change] = []
        for message in (bytes(data) for (data,) in said.fetchall()):
            if message[0] == RELATION:
                self.changes.learn(message)
            else:
                found += self.changes.read(message)
        return found


@pytest.fixture
def log() -> Iterator[Log]:
    with server().connect(str(connection.settings_dict["NAME"])) as session:
        yield Log(session)
        session.execute("DROP PUBLICATION changed; DROP SCHEMA changed CASCADE")


INSERT = f"INSERT INTO changed.box (id, key, other) VALUES (1, 'Łódź', '{LARGE}')"  # noqa: S608


def test_each_kind_of_change_has_what_the_log_knows(log: Log) -> None:
    assert log(INSERT) == [Change("insert", BOX, {"id": "1", "key": "Łódź"})]
    assert log("UPDATE changed.box SET other = 'x'") == [Change("update", BOX, {"id": "1", "key": "Łódź"})]
    assert log("UPDATE changed.box SET id = 2, key = NULL") == [Change("update", BOX, {"id": "2", "key": None})]
    assert log("DELETE FROM changed.box") == [Change("delete", BOX, {"id": "2", "key": None})]
    assert log(INSERT, "TRUNCATE changed.box")[1:] == [Change("truncate", BOX, {})]


def test_with_the_whole_old_row_a_deletion_has_its_key(log: Log) -> None:
    log(INSERT, "ALTER TABLE changed.box REPLICA IDENTITY FULL")
    assert log("UPDATE changed.box SET nothing = 1") == [Change("update", BOX, {"id": "1", "key": "Łódź"})]
    assert log("DELETE FROM changed.box") == [Change("delete", BOX, {"id": "1", "key": "Łódź"})]


def test_a_large_value_that_an_update_leaves_alone_is_not_in_the_log(log: Log) -> None:
    log(f"INSERT INTO changed.box (id, key) VALUES (1, '{LARGE}')")  # noqa: S608
    assert log("UPDATE changed.box SET nothing = 1") == [Change("update", BOX, {"id": "1"})]
    log("ALTER TABLE changed.box REPLICA IDENTITY FULL")
    assert log("UPDATE changed.box SET nothing = 2") == [Change("update", BOX, {"id": "1", "key": LARGE})]


def test_other_tables_are_passed_over(log: Log) -> None:
    log("CREATE TABLE changed.other (LIKE changed.box INCLUDING ALL)")
    assert log("INSERT INTO changed.other (id) VALUES (1)", "TRUNCATE changed.other") == []
    assert len(log(INSERT, "TRUNCATE changed.box, changed.other")) == 2


def test_the_table_may_change_between_two_rows(log: Log) -> None:
    log(INSERT, "ALTER TABLE changed.box DROP COLUMN nothing", "ALTER TABLE changed.box ADD COLUMN more text")
    assert log("UPDATE changed.box SET more = 'x'") == [Change("update", BOX, {"id": "1", "key": "Łódź"})]
    log("ALTER TABLE changed.box RENAME COLUMN key TO name")
    assert log("UPDATE changed.box SET more = 'y'") == [Change("update", BOX, {"id": "1"})]


def test_rows_of_a_partition_are_the_partitioned_tables(log: Log) -> None:
    log(
        "DROP TABLE changed.box",
        "CREATE TABLE changed.box (id bigint PRIMARY KEY, key text) PARTITION BY RANGE (id)",
        "CREATE TABLE changed.first PARTITION OF changed.box FOR VALUES FROM (0) TO (100)",
    )
    assert log("INSERT INTO changed.box VALUES (1, 'a')") == [Change("insert", BOX, {"id": "1", "key": "a"})]
