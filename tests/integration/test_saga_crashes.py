"""Sagas on a real broker, while whoever goes on with them is killed: nothing is lost, and nothing is done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from devstack.processes import ManagedProcess
from strangler.testing.waiting import until_reached
from tests.support.project import Project
from tests.support.trips import expect_a_sound_end
from tests.support.waiting import until

MOODS = ("ok", "full", "deaf", "flaky", "sold_out", "deadly")
EACH = 10
ALL = EACH * len(MOODS)

_LOAD = f"""
    import time
    import django; django.setup()
    from django.db import transaction
    from tests.sample.sagas import TripData, trips
    for number in range({EACH}):
        for mood in {MOODS!r}:
            with transaction.atomic():
                trips.start(TripData(trip=f"{{mood}}-{{number}}", mood=mood))
            time.sleep(0.1)
"""


@pytest.mark.parametrize("broker_url", ["pgmq"], indirect=True)
def test_killing_workers_and_consumers_in_mid_saga_loses_and_doubles_nothing(
    new_project: Callable[[str], Project],
) -> None:
    """From outside at any time, and by the step at hand, before it commits."""
    project = new_project("polling")
    groups = ("legs", "trips")
    project.commands(*(["consume", "--declare", "--group", group] for group in groups))
    project.start_relay()
    project.start_consumer("legs")
    victims = [project.start_consumer("trips"), project.start_saga_worker(), project.start_saga_worker()]
    load = project.start(_LOAD)
    for victim in [*victims, *victims]:
        until_reached(happened(project) + 60, partial(happened, project, victims), "lines of history")
        victim.kill_9()
    until_reached(ALL, partial(ended, project, victims), "sagas ended")
    load.wait_successfully()
    until(lambda: told(project) >= ALL, "the news of their ends")
    expect_sound_ends(project)


@pytest.mark.parametrize("broker_url", ["pgmq"], indirect=True)
def test_a_worker_that_is_asked_to_stop_ends_well(new_project: Callable[[str], Project]) -> None:
    project = new_project("polling")
    project.run("""
        import django; django.setup()
        from django.db import transaction
        from tests.sample.sagas import TripData, trips
        with transaction.atomic():
            trips.start(TripData(trip="a"))
    """)
    worker = project.start_saga_worker()
    until(lambda: happened(project) > 3, "another question to the hotel")
    assert worker.terminate(timeout=20) == 0


def expect_sound_ends(project: Project) -> None:
    """Which end a slow one comes to, the clock decides; those that are refused come to one only."""
    statuses = Counter[tuple[str, str]]()
    for trip, status in project.rows("SELECT key, status FROM strangler_saga"):
        effects = _effects(project, trip)
        assert effects.count("told") == 1, f"{trip}: {effects}"
        history = project.rows(
            "SELECT h.what, h.step FROM strangler_saga_history h JOIN strangler_saga s ON s.id = h.instance_id "
            "WHERE s.key = %(trip)s ORDER BY h.id",
            trip=trip,
        )
        expect_a_sound_end(status, effects, [(what, step) for what, step in history])
        statuses[trip.partition("-")[0], status] += 1
    assert statuses["full", "compensated"] == statuses["sold_out", "compensated"] == EACH
    assert sum(count for (_, status), count in statuses.items() if status == "completed") > 0, statuses
    assert [trip for trip in project.dead_letters() if not trip.startswith("deadly")] == []


def _effects(project: Project, trip: str) -> list[str]:
    rows = project.rows("SELECT consumer_group FROM sample_effect WHERE thing = %(trip)s ORDER BY id", trip=trip)
    return [effect for (effect,) in rows]


def happened(project: Project, victims: Sequence[ManagedProcess] = ()) -> int:
    """Lines of history. Whoever is dead is started again."""
    for victim in victims:
        victim.start()
    return int(project.rows("SELECT count(*) FROM strangler_saga_history")[0][0])


def ended(project: Project, victims: Sequence[ManagedProcess]) -> int:
    """What is stuck, because it killed who went on with it too often, a person resumes."""
    if happened(project, victims) and project.rows("SELECT 1 FROM strangler_saga WHERE status = 'stuck'"):
        project.commands(["saga", "resume", "trips", "--all"])
    return int(project.rows("SELECT count(*) FROM strangler_saga WHERE finished_at IS NOT NULL")[0][0])


def told(project: Project) -> int:
    return int(project.rows("SELECT count(*) FROM sample_effect WHERE consumer_group = 'told'")[0][0])
