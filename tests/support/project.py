"""The sample project as real processes: load, relay, consumer, on real servers."""

from __future__ import annotations

import sys
import textwrap
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from devstack.postgres import EmbeddedPostgres
from devstack.processes import ManagedProcess
from tests.support.waiting import until

_EFFECTS = "SELECT thing, step FROM sample_effect ORDER BY id"


class Project:
    """One database and one exchange of its own. `close()` ends every process it started."""

    def __init__(
        self, database: EmbeddedPostgres, broker_url: str, *, relay: str, folder: Path, celery_url: str = ""
    ) -> None:
        self._server = database
        self._name = f"p{uuid.uuid4().hex[:12]}"
        self._folder = folder
        self._processes: list[ManagedProcess] = []
        database.ensure_role(self._name)
        database.ensure_role("capture", replication=True)
        database.ensure_database(self._name, owner=self._name)
        self.relay = relay
        self._env = {
            "DJANGO_SETTINGS_MODULE": "tests.sample.settings",
            "DATABASE_URL": database.url(self._name, self._name),
            "CDC_DATABASE_URL": database.url(self._name, "capture"),
            "BROKER_URL": broker_url,
            "EXCHANGE": self._name,
            "SLOT": self._name,
            **({"CELERY_BROKER_URL": celery_url} if celery_url else {}),
        }
        with database.connect() as connection:
            connection.execute(f'GRANT CONNECT ON DATABASE "{self._name}" TO capture')
        self.command("migrate", "--verbosity", "0")
        self.command("cdc_setup")
        if broker_url.startswith("kafka"):
            self.command("kafka_topics")
        for group in ("sample", "receipts") if celery_url else ("sample",):
            self.command("consume", "--declare", "--group", group)

    # --- processes

    def command(self, *arguments: str) -> None:
        self._process(arguments[0], "-m", "django", *arguments).start().wait_successfully()

    def start_relay(self) -> ManagedProcess:
        return self._process(f"relay-{self.relay}", "-m", "django", "relay", RELAY=self.relay).start()

    def start_consumer(self, group: str = "sample") -> ManagedProcess:
        return self._process("consume", "-m", "django", "consume", "--group", group).start()

    def start_load(self, rate: float = 200, seed: int = 1) -> ManagedProcess:
        self.acknowledged_file = self._folder / "acknowledged.txt"
        arguments = [str(self.acknowledged_file), "--rate", str(rate), "--seed", str(seed)]
        return self._process("load", "-m", "tests.sample.load", *arguments).start()

    def close(self) -> None:
        for process in self._processes:
            if process.running:
                process.terminate(timeout=20)

    # --- what happened

    def acknowledged(self) -> dict[str, list[int]]:
        """Steps whose commit the database acknowledged, by thing, in order."""
        steps: dict[str, list[int]] = defaultdict(list)
        for line in self.acknowledged_file.read_text().splitlines():
            thing, step = line.split()
            if step != "uncertain":
                steps[thing].append(int(step))
        return steps

    def effects(self) -> dict[str, list[int]]:
        """Steps whose handler's work was committed, by thing, in order."""
        steps: dict[str, list[int]] = defaultdict(list)
        for thing, step in self.rows(_EFFECTS):
            steps[thing].append(step)
        return steps

    def rows(self, query: LiteralString, **parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._env["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(query, parameters or None).fetchall()

    def publish(self, *steps: tuple[str, int, str]) -> None:
        """Commit StepTaken(thing, step, mood) for each, in one transaction of a process of its own."""
        lines = "".join(f"StepTaken(thing={thing!r}, step={step}, mood={mood!r})," for thing, step, mood in steps)
        code = (
            "import django; django.setup()\nfrom django.db import transaction\n"
            "from strangler.outbox import publish_many\nfrom tests.sample.events import StepTaken\n"
            f"with transaction.atomic(): publish_many([{lines}])\n"
        )
        self.run(code)

    def run(self, code: str) -> None:
        """Python in a process of its own, with the project's settings."""
        self.start(code).wait_successfully()

    def start(self, code: str) -> _Checked:
        return self._process("run", "-c", textwrap.dedent(code)).start()

    @property
    def exchange(self) -> str:
        return self._name

    def expect_everything_handled_once_in_order(self, *, seconds: float = 90) -> None:
        """Of a thing whose last commit is uncertain, one more transaction may show; nothing else may differ."""
        wanted = self.acknowledged()
        count = sum(map(len, wanted.values()))
        assert count > 0, "the load wrote nothing"
        until(lambda: self._handled() >= count, f"{count} effects", seconds=seconds)
        until(lambda: not self.rows("SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL LIMIT 1"), "settlement")
        until(lambda: not self.rows("SELECT 1 FROM strangler_parked_message LIMIT 1"), "an empty parking place")
        seen = self.effects()
        for thing, steps in wanted.items():
            assert seen[thing][: len(steps)] == steps, f"{thing}: {_first_difference(steps, seen[thing])}"
            assert seen[thing] == list(range(len(seen[thing]))), f"{thing} has steps out of order, doubled or undone"
            assert len(seen[thing]) - len(steps) <= 3, f"{thing} has more than was ever committed"

    def _handled(self) -> int:
        return int(self.rows("SELECT count(*) FROM sample_effect")[0][0])

    def _process(self, name: str, *arguments: str, **env: str) -> _Checked:
        process = _Checked(
            name, [sys.executable, *arguments], log=self._folder / f"{name}.log", env={**self._env, **env}
        )
        self._processes.append(process)
        return process


class _Checked(ManagedProcess):
    def wait_successfully(self) -> None:
        code = self.wait(timeout=60)
        assert code == 0, f"{self.name} ended with {code}:\n{self.tail()}"


def _first_difference(wanted: list[int], seen: list[int]) -> str:
    for place, step in enumerate(wanted):
        if place >= len(seen) or seen[place] != step:
            return f"at {place}: wanted {wanted[place : place + 5]}, has {seen[place : place + 5]}"
    return "none"
