"""A backfill as a process, with live changes, a relay and a consumer as others: killed, stopped, and it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.deployments import deployment_of
from tests.support.project import Project
from tests.support.waiting import until

GROUP, NAME = "copies", "sample.items"
ITEMS = 1_200
PAIRS = [
    ("polling", "pgmq"),
    ("stream", "kafka"),
    ("debezium", "rabbitmq"),
    ("server", "rabbitmq"),
    ("connect", "kafka"),
]
MAKE = f"""
    import django; django.setup()
    from tests.sample.items import add_in_silence
    add_in_silence({ITEMS}, parts=2)
"""
# Live: an order of changes that is the same each time, of rows that were told, are being told, and will be.
CHANGE = f"""
    import random, django; django.setup()
    from strangler.stopping import stop_on_signals
    from tests.sample.items import add, add_part, remove, set_value
    from tests.sample.models import Item
    chance, made = random.Random(3), 0
    with stop_on_signals() as stop:
        while not stop.wait(0.005):
            number, kind = f"i{{chance.randrange({ITEMS})}}", chance.random()
            if kind < 0.1:
                made += 1
                add(f"n{{made}}", made)
            elif not Item.objects.filter(number=number).exists():
                continue
            elif kind < 0.2:
                remove(number)
            elif kind < 0.4:
                add_part(number, chance.randrange(10**6))
            else:
                set_value(number, chance.randrange(10**6))
"""
_ITEMS = """
    SELECT number, value, (SELECT coalesce(jsonb_agg(part.value ORDER BY part.value), '[]') FROM sample_part part
                           WHERE part.item_id = item.id)
    FROM sample_item item ORDER BY number
"""
_COPIES = "SELECT number, value, parts FROM sample_itemcopy ORDER BY number"
_TOLD = """
    SELECT aggregate_id, count(*) FROM strangler_outbox WHERE routing_key = 'sample.item_changed.backfill.copies'
    GROUP BY aggregate_id
"""


@pytest.mark.parametrize("pair", PAIRS, ids=" on ".join)
def test_a_backfill_killed_again_and_again_loses_and_doubles_nothing(pair: tuple[str, str], tmp_path: Path) -> None:
    with deployment_of(*pair, tmp_path) as project:
        assert isinstance(project, Project)
        with_items(project)
        project.start_relay()
        consumer = project.start_consumer(GROUP)
        live = project.start(CHANGE)
        backfill = project.start_backfill(GROUP, NAME, "--rate", "300")
        for _ in range(3):
            progress(project, 150)
            backfill.kill_9()
            backfill.start()
        consumer.kill_9()
        consumer.start()
        assert backfill.wait(timeout=60) == 0, backfill.tail()
        live.terminate(timeout=20)
        until(lambda: project.rows(_COPIES) == project.rows(_ITEMS), "the copies to be what the items are")
        told = dict(project.rows(_TOLD))
        assert set(told.values()) == {1}
        assert {number for number, _, _ in project.rows(_ITEMS) if number.startswith("i")} <= told.keys()
        assert len(told) == done(project)


@pytest.mark.parametrize("pair", [("polling", "pgmq")], ids=" on ".join)
def test_a_backfill_that_is_stopped_ends_after_the_rows_in_hand_and_goes_on(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    with deployment_of(*pair, tmp_path) as project:
        assert isinstance(project, Project)
        with_items(project)
        project.start_relay()
        backfill = project.start_backfill(GROUP, NAME, "--rate", "200")
        progress(project, 1)
        assert backfill.terminate(timeout=20) == 1
        said = backfill.tail()
        assert f"{NAME} was stopped: {done(project):,} of {ITEMS:,} rows" in said
        assert "Traceback" not in said
        assert 0 < done(project) < ITEMS
        assert project.start_backfill(GROUP, "--rate", "0").wait(timeout=60) == 0
        assert done(project) == ITEMS == len(project.rows(_TOLD))


def with_items(project: Project) -> None:
    project.commands(["consume", "--declare", "--group", GROUP])
    project.run(MAKE)


def done(project: Project) -> int:
    return int(sum(count for (count,) in project.rows("SELECT done FROM strangler_backfill_run")))


def progress(project: Project, rows: int) -> None:
    goal = done(project) + rows
    until(lambda: done(project) >= goal, f"{goal} rows to be told")
