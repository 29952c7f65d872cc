"""The sample project as real processes: load, relay, consumer, on real servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import uuid
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from devstack.processes import ManagedProcess
from strangler.brokers import connect
from strangler.testing.waiting import until_reached
from tests.stack import servers
from tests.stack.elsewhere import PostgresElsewhere
from tests.support.waiting import until

OWNER, CAPTURE = "sample", "capture"
_TEMPLATE = f"sample_template_{uuid.uuid4().hex[:12]}"
_WHEREABOUTS = """
    SELECT o.id, o.position, o.created_at, o.relayed_at, o.attempts, o.last_error, i.handled_at, p.status, p.error
    FROM strangler_outbox o LEFT JOIN strangler_inbox i ON i.message_id = o.id
    LEFT JOIN strangler_parked_message p ON p.message_id = o.id
    WHERE o.aggregate_id = %(thing)s AND o.payload::jsonb -> 'data' ->> 'step' = %(step)s
"""
_EFFECTS = "SELECT thing, step FROM sample_effect ORDER BY id"


class Project:
    """One database and one exchange of its own. `close()` ends every process it started."""

    def __init__(
        self, database: servers.Postgres, broker_url: str, *, relay: str, folder: Path, celery_url: str = ""
    ) -> None:
        self._name = f"p{uuid.uuid4().hex[:12]}"
        self._folder = folder
        self._processes: list[ManagedProcess] = []
        self.database = database
        _make_database(database, self._name)
        self.relay = relay
        self.broker_url = broker_url
        self.env = {
            "DJANGO_SETTINGS_MODULE": "tests.sample.settings",
            "DATABASE_URL": database.url(self._name, OWNER),
            "CDC_DATABASE_URL": database.url(self._name, CAPTURE),
            "BROKER_URL": broker_url,
            "EXCHANGE": self._name,
            "SLOT": self._name,
            **({"CELERY_BROKER_URL": celery_url} if celery_url else {}),
        }
        self._groups = ("sample", "receipts") if celery_url else ("sample",)
        self.commands(["cdc_setup"], *self._declarations())

    @property
    def broker(self) -> servers.Postgres | servers.RabbitMQ | servers.Kafka:
        """The shared server of the broker."""
        scheme = self.broker_url.partition(":")[0]
        return {"amqp": servers.rabbitmq, "kafka": servers.kafka, "pgmq": servers.queues}[scheme]()

    def move_to(self, broker_url: str) -> None:
        """What starts from now on uses that broker; topics and queues are there."""
        self.broker_url = self.env["BROKER_URL"] = broker_url
        self.commands(*self._declarations())

    def _declarations(self) -> list[list[str]]:
        topics = [["kafka_topics"]] if self.broker_url.startswith("kafka") else []
        return [*topics, *(["consume", "--declare", "--group", group] for group in self._groups)]

    # --- processes

    def commands(self, *commands: Sequence[str]) -> None:
        """One after the other, in a process of their own."""
        self.run(
            f"import django; django.setup()\nfrom django.core.management import call_command\n"
            f"for command in {[list(command) for command in commands]!r}: call_command(*command)\n"
        )

    def manage_code(self, *arguments: str) -> int:
        """The exit code of a command of Django."""
        return self._process(arguments[0], "-m", "django", *arguments).start().wait(timeout=60)

    def start_relay(self, kind: str | None = None) -> ManagedProcess:
        """Of the project's own kind, unless another is asked for."""
        relay = kind or self.relay
        return self._process(f"relay-{relay}", "-m", "django", "relay", RELAY=relay).start()

    def start_consumer(self, group: str = "sample") -> ManagedProcess:
        return self._process("consume", "-m", "django", "consume", "--group", group).start()

    def start_saga_worker(self) -> ManagedProcess:
        return self._process("saga", "-m", "django", "saga", "work").start()

    def start_projections(self) -> ManagedProcess:
        return self._process("project", "-m", "django", "project", "--follow").start()

    def start_backfill(self, *arguments: str) -> ManagedProcess:
        return self._process("backfill", "-m", "django", "backfill", *arguments).start()

    def start_load(self, rate: float = 60, seed: int = 1) -> ManagedProcess:
        self.acknowledged_file = self._folder / "acknowledged.txt"
        arguments = [str(self.acknowledged_file), "--rate", str(rate), "--seed", str(seed)]
        return self._process("load", "-m", "tests.sample.load", *arguments).start()

    def close(self) -> None:
        for process in self._processes:
            if process.running:
                process.terminate(timeout=20)
        if isinstance(self.database, PostgresElsewhere):
            self.database.remove(self._name)

    # --- what happened

    def acknowledged(self) -> dict[str, list[int]]:
        """Steps whose commit the database acknowledged, by thing, in order."""
        steps: dict[str, list[int]] = defaultdict(list)
        for line in self.acknowledged_file.read_text().splitlines():
            thing, step = line.split()
            if step != "uncertain":
                steps[thing].append(int(step))
        return steps

    def payloads(self) -> list[bytes]:
        return [payload.encode() for (payload,) in self.rows("SELECT payload FROM strangler_outbox ORDER BY position")]

    def received(self, count: int) -> list[bytes]:
        """The bodies of the group's next messages, at least so many; more where they came together."""
        bodies: list[bytes] = []
        broker = connect(self.broker_url, exchange=self._name)
        with broker.subscriber("sample", ["sample.step_taken"], prefetch=100) as queue:

            def came() -> bool:
                deliveries = queue.receive(timeout=1)
                bodies.extend(delivery.body for delivery in deliveries)
                queue.ack(deliveries)
                return len(bodies) >= count

            until(came, f"{count} messages")
        return bodies

    def pending(self) -> int:
        return int(self.rows("SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL")[0][0])

    def dead_letters(self) -> dict[str, str]:
        dead = self.rows("SELECT key, error FROM strangler_parked_message WHERE status = 'dead' ORDER BY error")
        return {key.rpartition(":")[2]: error for key, error in dead}

    def effects(self) -> dict[str, list[int]]:
        """Steps whose handler's work was committed, by thing, in order."""
        steps: dict[str, list[int]] = defaultdict(list)
        for thing, step in self.rows(_EFFECTS):
            steps[thing].append(step)
        return steps

    def rows(self, query: LiteralString, **parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(query, parameters or None).fetchall()

    def publish(self, *steps: tuple[str, int, str]) -> None:
        """Commit StepTaken(thing, step, mood) for each, in one transaction of a process of its own."""
        file = self._folder / "steps.json"  # too long for a command line, some of them
        file.write_text(json.dumps(steps), encoding="utf-8")
        self.run(
            f"""
            import django, json, pathlib; django.setup()
            from django.db import transaction
            from strangler.outbox import publish_many
            from tests.sample.events import StepTaken
            steps = json.loads(pathlib.Path({str(file)!r}).read_text(encoding="utf-8"))
            with transaction.atomic():
                publish_many([StepTaken(thing=thing, step=step, mood=mood) for thing, step, mood in steps])
            """
        )

    def run(self, code: str) -> None:
        """Python in a process of its own, with the project's settings."""
        self.start(code).wait_successfully()

    def start(self, code: str) -> _Checked:
        return self._process("run", "-c", textwrap.dedent(code)).start()

    @property
    def exchange(self) -> str:
        return self._name

    def expect_everything_handled_once_in_order(self, *, seconds: float = 60) -> None:
        """Of a thing whose last commit is uncertain, one more transaction may show; nothing else may differ."""
        wanted = self.acknowledged()
        count = sum(map(len, wanted.values()))
        assert count > 0, "the load wrote nothing"
        try:
            until_reached(count, self._handled, "effects", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._missing(wanted)}") from error
        until(lambda: not self.rows("SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL LIMIT 1"), "settlement")
        until(lambda: not self.rows("SELECT 1 FROM strangler_parked_message LIMIT 1"), "an empty parking place")
        seen = self.effects()
        for thing, steps in wanted.items():
            assert seen[thing][: len(steps)] == steps, f"{thing}: {_first_difference(steps, seen[thing])}"
            assert seen[thing] == list(range(len(seen[thing]))), f"{thing} has steps out of order, doubled or undone"
            assert len(seen[thing]) - len(steps) <= 3, f"{thing} has more than was ever committed"

    def _missing(self, wanted: dict[str, list[int]]) -> str:
        """Of the first few steps without an effect: where each event is, or was last seen."""
        seen = self.effects()
        lost = [(thing, step) for thing, steps in wanted.items() for step in steps if step not in seen[thing]]
        return "\n".join(
            f"{thing} {step}: {self.rows(_WHEREABOUTS, thing=thing, step=str(step))}" for thing, step in lost[:10]
        )

    def _handled(self) -> int:
        return int(self.rows("SELECT count(*) FROM sample_effect")[0][0])

    def _process(self, name: str, *arguments: str, **env: str) -> _Checked:
        process = _Checked(
            name, [sys.executable, *arguments], log=self._folder / f"{name}.log", env={**self.env, **env}
        )
        self._processes.append(process)
        return process


def _make_database(server: servers.Postgres, name: str) -> None:
    """Migrating takes seconds, a copy of what was migrated does not. Every copy is the same role's."""
    unfinished = f"sample_{uuid.uuid4().hex[:12]}"
    server.ensure_role(OWNER)
    server.ensure_role(CAPTURE, replication=True)
    with server.connect() as session:
        if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone():
            server.ensure_database(unfinished, owner=OWNER)
            env = {"DJANGO_SETTINGS_MODULE": "tests.sample.settings", "DATABASE_URL": server.url(unfinished, OWNER)}
            migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, env={**os.environ, **env}, check=True, timeout=60)
            if isinstance(server, PostgresElsewhere):
                server.remove_at_the_end(_TEMPLATE)
            session.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{_TEMPLATE}"')
        session.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{_TEMPLATE}"')
        session.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        session.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {CAPTURE}')


class _Checked(ManagedProcess):
    def wait_successfully(self) -> None:
        code = self.wait(timeout=60)
        assert code == 0, f"{self.name} ended with {code}:\n{self.tail()}"


def _first_difference(wanted: list[int], seen: list[int]) -> str:
    for place, step in enumerate(wanted):
        if place >= len(seen) or seen[place] != step:
            return f"at {place}: wanted {wanted[place : place + 5]}, has {seen[place : place + 5]}"
    return "none"
