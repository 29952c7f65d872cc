"""Two years of trade: spread, growing, with a rhythm, and nothing of it in the future."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from monolith.seeding.history import History
from monolith.seeding.pools import Entry, Pool
from tests.unit.monolith.seed.conftest import rows, seed

UNTIL = datetime(2026, 10, 15, 14, 30, tzinfo=UTC)
MAY_BE_LATER = {("orders_promotion", "valid_until")}


@pytest.mark.django_db
def test_nothing_happened_in_the_future():
    seed(orders=2500, until="2026-10-15T14:30")
    columns = rows(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type = 'timestamp with time zone' AND table_name ~ "
        "'^(catalog|customers|inventory|orders|payments|shipping|notifications|auth)_'"
    )
    assert ("shipping_trackingevent", "reported_at") in columns
    late = {
        f"{table}.{column}": latest
        for table, column in columns
        if (table, column) not in MAY_BE_LATER
        and (latest := rows(f'SELECT max("{column}") FROM "{table}"')[0][0])  # noqa: S608
        and latest > UNTIL
    }
    assert late == {}
    assert rows("SELECT max(day) FROM reporting_dailysales")[0][0] <= UNTIL.date()


@pytest.mark.django_db
def test_orders_are_spread_over_two_years():
    seed(orders=2000, until="2026-10-15T14:30")
    ((first, last, months),) = rows(
        "SELECT min(placed_at), max(placed_at), count(DISTINCT date_trunc('month', placed_at)) FROM orders_order"
    )
    assert timedelta(days=715) < last - first < timedelta(days=730)
    assert months >= 24
    ids = [pk for (pk,) in rows("SELECT id FROM orders_order ORDER BY placed_at, number")]
    assert ids == sorted(ids)


def test_the_second_year_sells_more_and_december_more_than_august():
    history = History(UNTIL, 7)
    moments = [history.moment(n / 20_000) for n in range(20_000)]
    first_year = sum(moment < UNTIL - timedelta(days=365) for moment in moments)
    assert 1.3 < (20_000 - first_year) / first_year < 2.5
    by_month = {month: sum(m.month == month and m.year == 2025 for m in moments) for month in (8, 12)}
    assert by_month[12] > 1.3 * by_month[8]
    by_hour = {hour: sum(moment.hour == hour for moment in moments) for hour in (3, 19)}
    assert by_hour[19] > 10 * by_hour[3]


def test_moments_never_go_back_nor_past_the_end():
    history = History(UNTIL, 7)
    moments = [history.moment(share / 997) for share in range(997)] + [history.moment(1 - 2**-53), history.moment(1.0)]
    assert all(before <= after for before, after in pairwise(moments))
    assert history.begin <= moments[0]
    assert moments[-1] < UNTIL


def test_nobody_buys_before_she_came():
    days = [UNTIL + timedelta(days=n) for n in range(4)]
    pool = Pool([Entry(days[2], 5.0, "late"), Entry(days[0], 1.0, "early"), Entry(days[1], 2.0, "middle")])
    dice = Random(1)
    assert {pool.pick(dice, days[0]) for _ in range(50)} == {"early"}
    assert {pool.pick(dice, days[1]) for _ in range(50)} == {"early", "middle"}
    picked = [pool.pick(dice, days[3]) for _ in range(4000)]
    assert 2300 < picked.count("late") < 2700
    assert 350 < picked.count("early") < 650
