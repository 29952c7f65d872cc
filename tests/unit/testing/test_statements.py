"""What a statement writes to, whatever is quoted, remarked or nested in it."""

from __future__ import annotations

import pytest

from strangler.testing.silent_writes.statements import writes_of

ONE = [
    (
        'INSERT INTO "orders" ("a") VALUES (%s, %s), (%s, DEFAULT) ON CONFLICT DO UPDATE SET a = 1',
        "INSERT orders",
    ),
    ("insert into Orders select 1", "INSERT orders"),
    ("UPDATE ONLY shop.orders SET a = 'DELETE FROM x' -- UPDATE y\n WHERE b = $$UPDATE z$$", "UPDATE orders"),
    ('UPDATE "shop"."Or""ders" SET a = 1', 'UPDATE Or"ders'),
    ("/* a /* nested */ UPDATE x */ DELETE FROM orders", "DELETE orders"),
    ("WITH old AS (SELECT 1 FROM x FOR NO KEY UPDATE) UPDATE orders SET a = 1;", "UPDATE orders"),
    ("MERGE INTO orders o USING x ON true WHEN MATCHED THEN UPDATE SET a = 1", "MERGE orders"),
    ("COPY orders (a, b) FROM STDIN", "COPY orders"),
    ("TRUNCATE TABLE orders", "TRUNCATE orders"),
]
SEVERAL = [
    ("WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone", ["DELETE a", "INSERT b"]),
    ("SELECT E'it\\'s', 'UPDATE x'; UPDATE a SET b = 1", ["UPDATE a"]),
    ("DO $do$ BEGIN UPDATE a SET b = 1; DELETE FROM c; END $do$", ["UPDATE a", "DELETE c"]),
    ('TRUNCATE a, shop."b" CASCADE', ["TRUNCATE a", "TRUNCATE b"]),
]
NONE = [
    "SELECT * FROM orders FOR UPDATE OF orders",
    "COPY orders TO STDOUT",
    "COPY (SELECT 1) TO STDOUT",
    "SELECT 'UPDATE orders', $a$DELETE FROM orders$a$",
    "/* UPDATE orders",
    "UPDATE",
]


@pytest.mark.parametrize(("statement", "write"), ONE)
def test_one_write_is_all_that_the_statement_does(statement: str, write: str) -> None:
    (found,) = writes_of(statement)
    assert f"{found.verb} {found.table}" == write
    assert found.alone


@pytest.mark.parametrize(("statement", "writes"), SEVERAL)
def test_a_write_beside_others_has_no_row_count_of_its_own(statement: str, writes: list[str]) -> None:
    found = writes_of(statement)
    assert [f"{each.verb} {each.table}" for each in found] == writes
    assert not any(each.alone for each in found)


@pytest.mark.parametrize("statement", NONE)
def test_what_only_looks_like_a_write_is_none(statement: str) -> None:
    assert writes_of(statement) == ()


def test_a_bulk_insert_is_as_quick_as_a_small_one() -> None:
    rows = ", ".join(["(%s, %s, %s, %s)"] * 50_000)
    (found,) = writes_of(f"INSERT INTO orders (a, b, c, d) VALUES {rows} RETURNING id")  # noqa: S608
    assert found == writes_of("INSERT INTO orders (a, b, c, d) VALUES (%s, %s, %s, %s) RETURNING id")[0]
