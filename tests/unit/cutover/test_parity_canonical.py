"""A value says the same whatever the type's width, the session's settings and the database: or it is not compared."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.models import F, FloatField, JSONField, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, NullIf

from strangler.cutover.parity.declared import Declared
from strangler.cutover.parity.questions import Span
from strangler.cutover.parity.table import Table
from strangler.errors import ParityError
from tests.sample.models import Effect

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_row() -> None:
    Effect.objects.create(consumer_group="sample", thing="a", step=1)


def digest(*values: str) -> int:
    """Of one row with these SQL expressions as its columns."""
    columns = {f"column{n}": RawSQL(f"({value})", ()) for n, value in enumerate(values)}  # noqa: S611
    (found,) = table(Effect.objects.values("thing", **columns)).digests([Span()])
    return found.digest


def table(rows: QuerySet[Any, Any], key: str = "thing") -> Table:
    return Table(Declared("tried", key, lambda: rows))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1::smallint", "1::bigint"),
        ("1::int", "1.00::numeric(10, 2)"),
        ("1.10::numeric(10, 2)", "1.1000::numeric(12, 4)"),
        ("100::numeric", "100.0::numeric"),
        ("'a'::varchar(10)", "'a'::text"),
        ("'a'::char(5)", "'a'::text"),
        ("'2026-07-01 12:00+02'::timestamptz", "'2026-07-01 10:00+00'::timestamptz"),
        ('\'{"a": 1, "b": 2}\'::jsonb', '\'{"b":2,  "a":1}\'::json'),
        ("'1 day'::interval", "'24 hours'::interval"),
        ("NULL::int", "NULL::numeric"),
    ],
)
def test_two_ways_to_keep_one_value_are_equal(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["1"], ["2"]),
        (["NULL::text"], ["''::text"]),
        (["NULL::text"], ["'NULL'::text"]),
        (["'a'::text", "'b'::text"], ["'b'::text", "'a'::text"]),
        (["'a,b'::text", "''::text"], ["'a'::text", "'b'::text"]),
        (["'a'::text", "NULL::text"], ["NULL::text", "'a'::text"]),
        (["'\"'::text"], ["'\\'::text"]),
        (["'a'::text"], ["'a '::text"]),
        (["1.1"], ["1.10001"]),
        (["true"], ["false"]),
        (["'2026-01-01'::timestamptz"], ["'2026-01-01 00:00:00.000001'::timestamptz"]),
        (["ARRAY['a', 'b']"], ["ARRAY['a,b']"]),
        (["'\\x00'::bytea"], ["'\\x0000'::bytea"]),
    ],
)
def test_two_values_are_different(one: list[str], other: list[str]) -> None:
    assert digest(*one) != digest(*other)


@pytest.mark.parametrize(
    "setting",
    [
        "TimeZone = 'Asia/Kathmandu'",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'",
    ],
)
def test_the_settings_of_the_session_make_no_difference(setting: str) -> None:
    values = [
        *("'2026-07-01 12:00+00'::timestamptz", "'2026-07-01'::date", "'1 day 2 hours'::interval", "'\\xff'::bytea"),
        *("'2026-07-01 12:00'::timestamp", "'12:00'::time", "ARRAY['2026-07-01'::date]"),
        "ARRAY['2026-07-01 12:00+00'::timestamptz]",
    ]
    before = digest(*values)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {setting}")
    assert digest(*values) == before


def test_reading_leaves_the_transaction_of_others_as_it_was() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Asia/Kathmandu'")
        table(Effect.objects.values("thing")).digests([Span()])
        Effect.objects.create(consumer_group="sample", thing="b", step=1)
        cursor.execute("SHOW TimeZone")
        assert cursor.fetchone() == ("Asia/Kathmandu",)
    assert Effect.objects.count() == 2


def test_what_compares_cannot_write() -> None:
    rows = Effect.objects.values("thing", number=RawSQL("nextval('sample_effect_id_seq')", ()))
    with pytest.raises(InternalError, match="read-only"):
        table(rows).digests([Span()])


@pytest.mark.parametrize(
    ("rows", "key", "said"),
    [
        (Effect.objects.all, "thing", r"\.values\(\.\.\.\)"),
        (lambda: Effect.objects.values("step"), "thing", r"the key 'thing' is not among its columns \(step\)"),
        (lambda: Effect.objects.values("thing", "nothing"), "thing", "Cannot resolve keyword 'nothing'"),
        (lambda: Effect.objects.values("thing", step=F("id")), "thing", "'step' conflicts with a field"),
        (lambda: Effect.objects.order_by("id").values("thing")[:5], "thing", "a slice"),
        (
            lambda: Effect.objects.values("thing", rough=Cast("step", FloatField())),
            "thing",
            "column 'rough' is float8.*rounded decimal",
        ),
        (lambda: Effect.objects.values(at=F("handled_at")), "at", "its key 'at' is timestamptz"),
        (lambda: Effect.objects.values(at=Cast(Value("{}"), JSONField())), "at", "its key 'at' is jsonb"),
        (lambda: Effect.objects.values(no=NullIf("thing", Value("a"))), "no", r"rows have no 'no'.*exclude\(no=None"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(rows: Any, key: str, said: str) -> None:
    with pytest.raises(ParityError, match=rf"parity 'tried' \(.*{said}"):
        Table(Declared("tried", key, rows)).shape()


def test_a_key_of_two_rows_is_refused_wherever_it_is_met() -> None:
    Effect.objects.create(consumer_group="sample", thing="a", step=2)
    compared = table(Effect.objects.values("thing", "step"))
    for ask in (
        lambda: compared.digests([Span()]),
        lambda: compared.look(["a"]),
        lambda: compared.walk(None, pieces=2, rows=1),
        lambda: compared.split([Span()], 2),
    ):
        with pytest.raises(ParityError, match="several rows have the thing 'a'"):
            ask()


def test_a_key_that_is_too_long_to_be_asked_about_is_refused() -> None:
    compared = table(Effect.objects.values(long=RawSQL("repeat('a', 1001)", ())), key="long")
    for ask in (lambda: compared.digests([Span()]), lambda: compared.walk(None, pieces=2, rows=1)):
        with pytest.raises(ParityError, match=r"the key 'aaa.*'… has more than 500 characters"):
            ask()


def test_no_rows_at_all_can_be_compared_too() -> None:
    assert table(Effect.objects.none().values("thing")).walk(None, pieces=2, rows=1) == ([], None)


def test_joins_annotations_and_percent_signs_are_no_matter() -> None:
    rows = Effect.objects.filter(thing__contains="a").annotate(word=Cast("step", TextField())).order_by("-step")
    compared = table(rows.values("word", "thing", share=Value("100 %")))
    assert compared.shape().columns == {"share": "text", "thing": "text", "word": "text"}
    assert compared.read(["a"])[0].values == ["100 %", "a", "1"]


def test_a_statement_that_takes_too_long_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from strangler.cutover.parity import reading

    monkeypatch.setitem(reading._SESSION, "statement_timeout", "50ms")
    rows = Effect.objects.values("thing", slept=RawSQL("pg_sleep(5)::text", ()))
    with pytest.raises(ParityError, match=r"parity 'tried' .*more than 50 s.*index the key"):
        table(rows).digests([Span()])
