"""The SQL of both sides. Each statement reads the compared rows once, as `r`, with columns `c0`, `c1`, …

A row's digest is 60 bits of the MD5 of its canonical texts as a PostgreSQL row, whose text tells NULL, empty text and
columns apart. A piece's is the sum of its rows' digests: no order, and two equal rows do not cancel each other out.
MD5 because it says the same in all versions and on all machines, as PostgreSQL's own hash functions need not.
"""

from __future__ import annotations

from collections.abc import Sequence

from strangler.cutover.parity.columns import Column, Order
from strangler.cutover.parity.questions import CutSpan, Span

TYPES = "SELECT * FROM r LIMIT 0"
KEYLESS = "SELECT EXISTS (SELECT FROM r WHERE {key} IS NULL)"
WALK = """, step AS (SELECT * FROM r WHERE {where} ORDER BY {key} {using} LIMIT %s), numbered AS (
    SELECT {key} AS k, {digest} AS digest, (row_number() OVER (ORDER BY {key} {using}) - 1) / %s AS piece FROM step
) SELECT min(k {collate})::text, count(*), sum(digest) FROM numbered GROUP BY piece ORDER BY piece"""
SUMS = """, numbered AS (
    SELECT width_bucket({key} {collate}, %s::{type}[]) AS piece, {digest} AS digest FROM r WHERE {where}
) SELECT piece, count(*), sum(digest) FROM numbered GROUP BY piece"""
SPLIT = """, spans AS (
    SELECT {key} AS k, width_bucket({key} {collate}, %s::{type}[]) AS span, {digest} AS digest FROM r WHERE {where}
), numbered AS (
    SELECT k, span, digest, ntile(%s) OVER (PARTITION BY span ORDER BY k {using}) AS piece FROM spans
) SELECT span, min(k {collate})::text, count(*), sum(digest) FROM numbered GROUP BY span, piece ORDER BY span, piece"""
DIGESTS = "SELECT {key}::text, {digest} FROM r WHERE {where} LIMIT %s"
LOOK = "SELECT {key}::text, {digest} FROM r WHERE {key} = ANY(%s::{type}[])"
READ = "SELECT {key}::text, ARRAY[{texts}]::text[] FROM r WHERE {key} = ANY(%s::{type}[])"

ESTIMATED, ESTIMATE = "EXPLAIN (FORMAT JSON) ", "SELECT FROM r"


def source(sql: str, columns: int) -> str:
    """Not materialized: conditions on the key have to reach the table's index."""
    return f"WITH r ({', '.join(map(column, range(columns)))}) AS NOT MATERIALIZED ({sql}) "


def column(number: int) -> str:
    return f"c{number}"


def written(statement: str, key: str, columns: Sequence[Column], order: Order, where: str) -> str:
    """`columns` in the order of their names, `where` as `within` gives it."""
    texts = ", ".join(item.text for item in columns)
    return statement.format(
        key=key,
        texts=texts,
        digest=f"('x' || left(md5(ROW({texts})::text), 15))::bit(60)::bigint",
        where=where.format(key=key),
        type=order.type,
        using=order.using,
        collate=order.collate,
    )


def within(spans: Sequence[Span], order: Order) -> tuple[str, list[str]]:
    """A condition, with its parameters: one scan for many spans, of the index where there is one."""
    conditions, params = [], []
    for span in spans:
        bounds = [(order.least, span.start), (order.below, span.end)]
        given = [(operator, key) for operator, key in bounds if key is not None]
        conditions.append(" AND ".join(f"{{key}} {operator} %s::{order.type}" for operator, _ in given) or "TRUE")
        params += [key for _, key in given]
    return " OR ".join(f"({condition})" for condition in conditions), params


def numbered(spans: Sequence[Span]) -> tuple[list[str], list[list[int]]]:
    """All bounds in order, for `width_bucket`; and which numbers it gives to the pieces of each span."""
    bounds: list[str] = []
    numbers: list[list[int]] = []
    for span in spans:
        numbers.append([])
        for key in (span.start, *(span.cuts if isinstance(span, CutSpan) else ())):
            if key is not None and bounds[-1:] != [key]:
                bounds.append(key)
            numbers[-1].append(len(bounds))
        if span.end is not None:
            bounds.append(span.end)
    return bounds, numbers
