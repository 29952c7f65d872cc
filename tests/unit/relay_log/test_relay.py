"""The whole relay in this process, on a real log: what takes a setting that no user has."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, connections, transaction

from strangler.brokers import connect
from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from strangler.relay.log import sweeper
from strangler.relay.log.relay import LogRelay
from strangler.relay.log.setup import prepare
from strangler.relay.stream.log import StreamedLog
from tests.sample.events import StepTaken
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ready(superuser: psycopg.Connection, cdc: CdcSettings) -> CdcSettings:
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    prepare(connection, cdc)
    return cdc


@contextmanager
def relaying(cdc: CdcSettings, broker_url: str) -> Iterator[Future[None]]:
    """The relay, until the end of the block; what ended it before is in the future."""
    stop = threading.Event()
    options = {"using": "default", "batch_size": 100, "poll_interval": 0.05, "backoff_max": 0.1}
    relay = LogRelay(StreamedLog(cdc, batch_size=100), connect(broker_url), cdc=cdc, stop=stop, **options)  # type: ignore[arg-type]

    def run() -> None:
        try:
            relay.run()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield running
        finally:
            stop.set()


def step(number: int) -> None:
    with transaction.atomic():
        publish(StepTaken(thing="a", step=number))


def streams(superuser: psycopg.Connection, cdc: CdcSettings) -> bool:
    state = "SELECT state FROM pg_stat_replication JOIN pg_replication_slots ON pid = active_pid WHERE slot_name = %s"
    return superuser.execute(state, [cdc.slot]).fetchall() == [("streaming",)]


def test_a_publication_that_is_dropped_under_it_delays_an_event_and_ends_it_with_the_way_out(
    superuser: psycopg.Connection, ready: CdcSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL 18 streams on without it and says nothing."""
    monkeypatch.setattr(sweeper, "OVERDUE_SECONDS", 0.3)
    url = f"memory://{uuid.uuid4()}"
    connect(url).declare("g", ["sample.step_taken"])
    with relaying(ready, url) as running:
        until(lambda: streams(superuser, ready), "the log to flow")
        superuser.execute(f"DROP PUBLICATION {ready.publication}")
        step(0)
        until(running.done, "the relay to end")
        with pytest.raises(ConfigurationError, match=r"does not publish .* run `manage\.py cdc_setup`"):
            running.result()
    assert not OutboxMessage.objects.filter(relayed_at=None).exists()
