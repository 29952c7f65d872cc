"""What every relay on every broker has to stand: real processes, real servers, `kill -9` under load.

Give it a deployment, and pytest holds your relay on your broker to the promises::

    from strangler.testing.relays import Deployment, RelayConformance


    class TestOurs(RelayConformance):
        @pytest.fixture
        def deployment(self) -> Iterator[Deployment]:
            with OurDeployment() as deployment:
                yield deployment

A deployment is a small project of yours whose *things* take *steps*: each step is one event, published in a transaction
by a process of its own, and its handler writes one effect. Use servers that are there for tests: they are killed.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import pytest

from strangler.testing.waiting import until

SEED = int(os.environ.get("CRASH_SEED", random.randrange(10**6)))  # noqa: S311
OUTAGE_SECONDS = 5
STANDSTILL_SECONDS = 12.0
"""Longer than Kafka waits for a consumer that says nothing."""
LEAST_WRITTEN = 25
"""Steps a second that the load comes to at least, while broker or consumer are away."""
LARGEST = "m" * 7_900_000


class Step(NamedTuple):
    """`mood` tells the handler what to do: `ok`, `fail` (each time), `crash` (its process)."""

    thing: str
    number: int
    mood: str = "ok"


class Program(Protocol):
    """A relay or a consumer."""

    @property
    def running(self) -> bool: ...

    def start(self) -> object: ...

    def kill_9(self) -> None: ...

    def terminate(self, timeout: float) -> int:
        """SIGTERM, and after `timeout` seconds SIGKILL. Returns the exit code."""
        ...

    def send_signal(self, number: int) -> None: ...


class Server(Protocol):
    """The broker's or the database's; nothing it confirmed is lost by `kill`."""

    def start(self) -> object:
        """Returns when it answers."""
        ...

    def stop(self) -> object: ...

    def kill(self) -> None: ...


class Deployment(Protocol):
    """Migrated, its consumer group declared, nothing running but the servers."""

    @property
    def broker(self) -> Server: ...

    @property
    def database(self) -> Server: ...

    def start_relay(self) -> Program: ...

    def start_consumer(self) -> Program: ...

    def start_load(self, rate: float = 60) -> Program:
        """Transactions a second, of one to three steps of many things; it survives every outage."""
        ...

    def publish(self, *steps: Step) -> None:
        """In one transaction."""
        ...

    def payloads(self) -> Sequence[bytes]:
        """Of the outbox, in order."""
        ...

    def received(self, count: int) -> Sequence[bytes]:
        """Take the bodies of the group's next messages off the broker, without a consumer. Raises AssertionError."""
        ...

    def acknowledged(self) -> Mapping[str, Sequence[int]]:
        """Steps of the load whose commit the database acknowledged, by thing, in order."""
        ...

    def effects(self) -> Mapping[str, Sequence[int]]:
        """Steps whose handler's work was committed, by thing, in order."""
        ...

    def pending(self) -> int:
        """Rows of the outbox that nobody has carried yet, as far as it knows."""
        ...

    def dead_letters(self) -> Mapping[str, str]:
        """Why, by thing."""
        ...

    def expect_everything_handled_once_in_order(self) -> None:
        """Every acknowledged step has one effect, in the order of its thing; nothing is parked or pending."""
        ...


class RelayConformance:
    """`CRASH_SEED` repeats the random moments of a run, which prints it."""

    @pytest.fixture
    def deployment(self) -> Deployment:
        raise NotImplementedError("define the fixture deployment in your subclass of RelayConformance")

    @pytest.fixture
    def standstill(self) -> float:
        """Seconds for which a consumer stands still: longer than your broker waits for it, where it does."""
        return STANDSTILL_SECONDS

    def test_the_broker_gets_the_payload_byte_for_byte_and_the_largest_one_too(self, deployment: Deployment) -> None:
        deployment.start_relay()
        strange = Step("Łódź \\u2028 \t\\0", 1, "'\"\\\\")
        deployment.publish(strange, Step("a", 1), Step("large", 1, LARGEST))
        assert sorted(deployment.received(3)) == sorted(deployment.payloads())
        until(lambda: deployment.pending() == 0, "settlement")

    def test_killing_relay_and_consumers_at_random_moments_loses_and_doubles_nothing(
        self, deployment: Deployment
    ) -> None:
        """Two consumers share a group: one stands by, or both work side by side and share the keys out anew."""
        print(f"CRASH_SEED={SEED}")  # noqa: T201
        chance = random.Random(SEED)  # noqa: S311
        load = deployment.start_load()
        relay, consumers = deployment.start_relay(), [deployment.start_consumer(), deployment.start_consumer()]
        for victim in chance.sample([relay, relay, *consumers, *consumers], k=4):
            progress(deployment, chance.randrange(50, 300))
            victim.kill_9()
            victim.start()
        load.terminate(timeout=10)
        deployment.expect_everything_handled_once_in_order()

    def test_a_broker_that_is_killed_and_stays_away_stops_no_write_and_loses_nothing(
        self, deployment: Deployment
    ) -> None:
        load = deployment.start_load()
        deployment.start_relay()
        deployment.start_consumer()
        progress(deployment, 200)
        deployment.broker.kill()
        before = count_of(deployment.acknowledged())
        time.sleep(OUTAGE_SECONDS)
        assert load.running
        written = count_of(deployment.acknowledged()) - before
        assert written > OUTAGE_SECONDS * LEAST_WRITTEN, "writes stopped with the broker"
        deployment.broker.start()
        progress(deployment, 300)
        load.terminate(timeout=10)
        deployment.expect_everything_handled_once_in_order()

    def test_a_database_killed_under_load_loses_nothing_it_acknowledged(self, deployment: Deployment) -> None:
        load = deployment.start_load()
        deployment.start_relay()
        deployment.start_consumer()
        progress(deployment, 200)
        deployment.database.kill()
        deployment.database.start()
        progress(deployment, 200)
        load.terminate(timeout=10)
        deployment.expect_everything_handled_once_in_order()

    def test_a_consumer_that_stands_still_holds_up_nobody_and_then_goes_on_where_it_was(
        self, deployment: Deployment, standstill: float
    ) -> None:
        """The slowest there is. Meanwhile the broker holds what comes, also where it gives the consumer up for dead."""
        load = deployment.start_load()
        deployment.start_relay()
        consumer = deployment.start_consumer()
        progress(deployment, 100)
        consumer.send_signal(signal.SIGSTOP)
        time.sleep(standstill)
        load.terminate(timeout=10)
        until(lambda: deployment.pending() == 0, "the relay to carry everything while nobody consumes")
        assert count_of(deployment.effects()) < count_of(deployment.acknowledged()) - standstill * LEAST_WRITTEN
        consumer.send_signal(signal.SIGCONT)
        deployment.expect_everything_handled_once_in_order()

    def test_a_poison_message_parks_alone_and_one_that_kills_its_process_is_found_out(
        self, deployment: Deployment
    ) -> None:
        deployment.publish(Step("good", 0), Step("bad", 0, "fail"), Step("bad", 1), Step("good", 1))
        deployment.start_relay()
        consumer = deployment.start_consumer()
        until(lambda: set(deployment.dead_letters()) == {"bad"}, "a dead letter")
        deployment.publish(Step("good", 2), Step("deadly", 0, "crash"), Step("bad", 2))

        def found_out() -> bool:
            if not consumer.running:
                consumer.start()  # as any supervisor would
            return set(deployment.dead_letters()) == {"bad", "deadly"}

        until(found_out, "two dead letters")
        until(lambda: deployment.effects().get("good") == [0, 1, 2], "the other things to go on")
        assert deployment.effects().keys() == {"good"}
        assert "its process died" in deployment.dead_letters()["deadly"]

    def test_a_clean_stop_and_a_start_go_on_where_they_were(self, deployment: Deployment) -> None:
        load = deployment.start_load()
        relay, consumer = deployment.start_relay(), deployment.start_consumer()
        progress(deployment, 200)
        assert relay.terminate(timeout=20) == 0
        assert consumer.terminate(timeout=20) == 0
        relay.start()
        consumer.start()
        progress(deployment, 100)
        load.terminate(timeout=10)
        deployment.expect_everything_handled_once_in_order()


def progress(deployment: Deployment, count: int) -> None:
    """Until so many more effects are committed: kills then hit work in progress, not a process that still starts."""
    goal = count_of(deployment.effects()) + count
    until(lambda: count_of(deployment.effects()) >= goal, f"{goal} effects")


def count_of(steps: Mapping[str, Sequence[int]]) -> int:
    return sum(map(len, steps.values()))
