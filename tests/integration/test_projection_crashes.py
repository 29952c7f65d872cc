"""Projections while whoever appends commits late, and whoever projects is killed: nothing is lost or doubled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import pytest

from strangler.testing.waiting import until_reached
from tests.support.project import Project

APPENDS, WRITERS, KEYS = 50, 2, ("a", "b", "deadly")
ALL = 2 * APPENDS * WRITERS

_LOAD = f"""
    import random, time
    import django; django.setup()
    from django.db import transaction
    from strangler.errors import ConcurrencyConflict
    from tests.sample.streams import Deposited, accounts
    done = 0
    while done < {APPENDS}:
        key = random.choice({KEYS!r})
        try:
            with transaction.atomic():
                events = [Deposited(account=key, amount=1, reason="")] * 2
                accounts.append(key, events, expected=accounts.load(key).version)
                time.sleep(random.choice([0, 0, 0.05]))
        except ConcurrencyConflict:
            continue
        done += 1
"""


@pytest.mark.parametrize("broker_url", ["pgmq"], indirect=True)
def test_killing_projections_in_mid_batch_loses_and_doubles_nothing(new_project: Callable[[str], Project]) -> None:
    """From outside at any time, and by the batch at hand, before it commits."""
    project = new_project("none")
    load = [project.start(_LOAD) for _ in range(WRITERS)]
    workers = [project.start_projections(), project.start_projections()]

    def projected(name: str) -> int:
        for worker in workers:
            worker.start()  # whoever is dead
        return int(project.rows("SELECT count(*) FROM sample_effect WHERE consumer_group = %(name)s", name=name)[0][0])

    for worker in workers:
        until_reached(projected("moves") + 30, partial(projected, "moves"), "events projected")
        worker.kill_9()
    for process in load:
        process.wait_successfully()
    for name in ("moves", "everything"):
        until_reached(ALL, partial(projected, name), "events projected")
    versions = dict(project.rows("SELECT key, max(version) FROM strangler_stream_event GROUP BY key"))
    assert sum(versions.values()) == ALL, "and no version is left out"
    for name in ("moves", "everything"):
        given = defaultdict[str, list[int]](list)
        statement = "SELECT thing, step FROM sample_effect WHERE consumer_group = %(name)s ORDER BY id"
        for thing, step in project.rows(statement, name=name):
            given[thing].append(step)
        assert given == {f"account-{key}": list(range(1, last + 1)) for key, last in versions.items()}
