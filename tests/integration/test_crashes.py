"""Real processes killed with `kill -9` under load, real servers taken away: nothing is lost, doubled or reordered."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

import pytest

from devstack.kafka import NativeKafka
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ManagedProcess
from devstack.rabbitmq import NativeRabbitMQ
from tests.stack import servers
from tests.support.project import Project
from tests.support.waiting import until

SEED = int(os.environ.get("CRASH_SEED", random.randrange(10**6)))


def test_killing_relay_and_consumer_at_random_moments_loses_and_doubles_nothing(project: Project) -> None:
    print(f"CRASH_SEED={SEED}")
    chance = random.Random(SEED)
    load, victims = project.start_load(), [project.start_relay(), project.start_consumer()]
    for _ in range(6):
        wait_for_progress(project, chance.randrange(50, 400))
        victim = chance.choice(victims)
        victim.kill_9()
        victim.start()
    load.terminate()
    project.expect_everything_handled_once_in_order()


def test_two_relays_and_two_consumers_keep_the_order_while_they_are_killed(
    new_project: Callable[[str], Project],
) -> None:
    project = new_project("polling")
    load = project.start_load()
    victims = [project.start_relay(), project.start_relay(), project.start_consumer(), project.start_consumer()]
    for victim in victims:
        wait_for_progress(project, 200)
        victim.kill_9()
        victim.start()
    load.terminate()
    project.expect_everything_handled_once_in_order()


def test_a_broker_away_for_twenty_seconds_stops_no_write_and_loses_nothing(project: Project, broker_url: str) -> None:
    broker = broker_server(broker_url)
    load = project.start_load(rate=100)
    project.start_relay()
    project.start_consumer()
    wait_for_progress(project, 100)
    broker.stop()
    before = len(project.acknowledged_file.read_text())
    until_elapsed(20, load)
    assert len(project.acknowledged_file.read_text()) > before + 500, "writes stopped with the broker"
    broker.start()
    wait_for_progress(project, 500)
    load.terminate()
    project.expect_everything_handled_once_in_order()


def test_a_broker_killed_under_load_loses_nothing_it_confirmed(project: Project, broker_url: str) -> None:
    broker = broker_server(broker_url)
    load = project.start_load()
    project.start_relay()
    project.start_consumer()
    for _ in range(2):
        wait_for_progress(project, 200)
        broker.kill()
        broker.start()
    wait_for_progress(project, 200)
    load.terminate()
    project.expect_everything_handled_once_in_order()


def test_a_database_killed_under_load_loses_nothing_it_acknowledged(project: Project) -> None:
    load = project.start_load()
    project.start_relay()
    project.start_consumer()
    for _ in range(2):
        wait_for_progress(project, 200)
        servers.business().kill()
        servers.business().start()
    wait_for_progress(project, 200)
    load.terminate()
    project.expect_everything_handled_once_in_order()


def test_a_poison_message_parks_alone_and_one_that_kills_its_process_is_found_out(project: Project) -> None:
    project.publish(("bad", 0, "fail"), ("bad", 1, "ok"), ("good", 0, "ok"), ("deadly", 0, "crash"), ("good", 1, "ok"))
    project.start_relay()
    consumer = project.start_consumer()

    def dead() -> set[str]:
        if not consumer.running:
            consumer.start()  # as any supervisor would
        rows = project.rows("SELECT key FROM strangler_parked_message WHERE status = 'dead'")
        return {key for (key,) in rows}

    until(lambda: dead() == {"sample.thing:bad", "sample.thing:deadly"}, "two dead letters", seconds=60)
    project.publish(("good", 2, "ok"), ("bad", 2, "ok"))
    until(lambda: project.effects().get("good") == [0, 1, 2], "the other keys to go on")
    assert project.effects().keys() == {"good"}
    (error,) = project.rows("SELECT error FROM strangler_parked_message WHERE key = 'sample.thing:deadly'")[0]
    assert "its process died" in error


def test_a_clean_stop_leaves_nothing_to_be_delivered_twice(project: Project) -> None:
    load = project.start_load()
    relay, consumer = project.start_relay(), project.start_consumer()
    for _ in range(2):
        wait_for_progress(project, 200)
        assert relay.terminate(timeout=20) == 0
        assert consumer.terminate(timeout=20) == 0
        relay.start()
        consumer.start()
    load.terminate()
    project.expect_everything_handled_once_in_order()


@pytest.mark.parametrize("kinds", [["polling", "debezium", "polling", "debezium"]], ids=" to ".join)
def test_switching_relays_under_load_loses_and_reorders_nothing(
    new_project: Callable[[str], Project], kinds: list[str]
) -> None:
    project = new_project(kinds[0])
    project.start_consumer()
    load = project.start_load()
    before: ManagedProcess | None = None
    for kind in kinds:
        project.relay = kind
        now = project.start_relay()  # both run for a moment, as in a rolling deploy
        if before:
            before.terminate(timeout=20)
        wait_for_progress(project, 300)
        before = now
    load.terminate()
    project.expect_everything_handled_once_in_order()


def wait_for_progress(project: Project, count: int) -> None:
    """Until `count` more effects are committed: kills then hit work in progress, not a process that still starts."""
    goal = handled(project) + count
    until(lambda: handled(project) >= goal, f"{goal} effects", seconds=60)


def handled(project: Project) -> int:
    return int(project.rows("SELECT count(*) FROM sample_effect")[0][0])


def until_elapsed(seconds: float, load: ManagedProcess) -> None:
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end or not load.running, "the outage to pass", seconds=seconds + 5)
    assert load.running, load.tail()


def broker_server(broker_url: str) -> EmbeddedPostgres | NativeRabbitMQ | NativeKafka:
    scheme = broker_url.partition(":")[0]
    return {"amqp": servers.rabbitmq, "kafka": servers.kafka, "pgmq": servers.queues}[scheme]()
