"""The promise of the second extraction: two years of history are told while the shop sells, the read model is rebuilt
beside the one that answers and swapped under load, and the figures are those of the monolith's joins, to the digit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from threading import Event, Thread
from typing import Any, Self

import httpx
import pytest

from benchmarks.reporting import QUESTIONS, Question
from devstack.ports import free_port
from devstack.processes import ManagedProcess
from tests.acceptance.moving import MANAGE, ROOT, _database
from tests.stack.postgres import scratch, server
from tests.support.waiting import until

SERVICE = ("-m", "extracted.reporting")
ORDERS = 300  # of two years, from before the first event
TOKEN = "what both sides know"
GENERATION = "REPORTING_GENERATION"


class Site:
    def __init__(self, name: str) -> None:
        self.folder = scratch() / name
        self.shop_db, self.service_db = _database(f"{name}_shop"), _database(f"{name}_service")
        self.queues_db = _database(f"{name}_queues")
        broker = server().url(self.queues_db, self.queues_db).replace("postgresql://", "pgmq://", 1)
        self.web = f"http://127.0.0.1:{free_port()}"
        both = {"SECRET_KEY": "s" * 50, "HTTPS": "0", "BROKER_URL": broker, "LOG_LEVEL": "WARNING"}
        self._environments: dict[str, dict[str, str]] = {
            "monolith": {
                **both,
                "DATABASE_URL": server().url(self.shop_db, self.shop_db),
                "RELAY": "polling",
                "DJANGO_SETTINGS_MODULE": "monolith.settings",
                "EMAIL_FILE_PATH": str(self.folder / "mails"),
                "REPORTING_URL": f"{self.web}/strangler/",
                "REPORTING_TOKEN": TOKEN,
            },
            "extracted.reporting": {
                **both,
                "DATABASE_URL": server().url(self.service_db, self.service_db),
                "SERVICE_TOKEN": TOKEN,
                "DJANGO_SETTINGS_MODULE": "extracted.reporting.settings",
            },
        }
        self.run(*MANAGE, "migrate")
        self.run(*MANAGE, "seed", "--products", "12", "--customers", "9", "--orders", str(ORDERS), "--stock", "99999")
        self.run(*SERVICE, "migrate")
        for service in (SERVICE, ("-m", "extracted.notifications")):  # the queues come before the relay
            self.run(*service, "consume", "--declare")
        bind = self.web.removeprefix("http://")
        gunicorn = ("-m", "gunicorn", "extracted.reporting.wsgi", "--bind", bind, "--threads", "4")
        self.processes = {
            "relay": self.process("relay", *MANAGE, "relay"),
            "consumer": self.process("consumer", *SERVICE, "consume"),
            "web": self.process("web", *gunicorn, "--no-control-socket", project="extracted.reporting"),
        }

    def process(self, name: str, *arguments: str, project: str = "", **environment: str) -> ManagedProcess:
        project = project or ("extracted.reporting" if SERVICE[1] in arguments else "monolith")
        env = {**self._environments[project], **environment}
        log = self.folder / f"{name}.log"
        return ManagedProcess(name, [sys.executable, *arguments], cwd=ROOT, env=env, log=log, stop_leader_only=True)

    def run(self, *command: str, **environment: str) -> str:
        """To its end; returns what it said."""
        name = "-".join(command[-2:]).strip("-")
        process = self.process(name, *command, **environment)
        said = process.log.stat().st_size if process.log.exists() else 0
        assert process.start().wait(120) == 0, process.tail()
        return process.log.read_text(encoding="utf-8")[said:]

    def start(self, name: str, process: ManagedProcess) -> ManagedProcess:
        self.processes[name] = process
        return process.start()

    def stop(self, name: str) -> None:
        self.processes.pop(name).terminate(timeout=30)

    def kill_9(self, name: str) -> None:
        """In the middle of its work, and start it again."""
        self.processes[name].kill_9()
        self.processes[name].start()

    def buy(self, seed: str) -> None:
        """From now on, until `stop("buying")`."""
        buying = self.process("buying", "-m", "tests.acceptance.buying", seed)
        said = buying.log.stat().st_size if buying.log.exists() else 0
        self.start("buying", buying).wait_for(lambda: buying.log.stat().st_size > said, 60, "sells")

    def is_quiet(self, queues: Sequence[str]) -> bool:
        """Nothing is on its way any more: not in the outbox, not in a queue, not in a consumer's hands."""
        return not (
            self.count(self.shop_db, "strangler_outbox WHERE relayed_at IS NULL")
            or any(self.count(self.queues_db, f'pgmq."q_events.{queue}"') for queue in queues)
            or self.count(self.service_db, "strangler_parked_message")
        )

    def count(self, database: str, rows: str) -> int:
        with server().connect(database) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])  # noqa: S608

    def answers(self, project: str) -> dict[str, str]:
        """What a side answers to every question, in all its digits."""
        asked = "".join(json.dumps(_asked(question)) + "\n" for question in QUESTIONS)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.read_model.side"],
            cwd=ROOT,
            input=asked,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **self._environments[project]},
        )
        lines = map(json.loads, done.stdout.splitlines())
        return {str(question): line["answer"] for question, line in zip(QUESTIONS, lines, strict=True)}

    def compare(self) -> None:
        assert self.answers("monolith") == self.answers("extracted.reporting")
        assert self.count(self.service_db, "strangler_parked_message") == 0

    def __enter__(self) -> Self:
        for process in self.processes.values():
            process.start()
        self.processes["web"].wait_for(self._answers, 60, "answers /api/health/")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            process.terminate(timeout=30)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.web}/api/health/").is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site("figures") as site:
        yield site


class Reader(Thread):
    """Asks the service as the monolith does, again and again: `answers` are the orders of two years."""

    def __init__(self, web: str) -> None:
        super().__init__(daemon=True)
        self.answers: list[int] = []
        self.failures: list[str] = []
        self._ended = Event()
        self._client = httpx.Client(base_url=web, headers={"Authorization": f"Bearer {TOKEN}"})

    def run(self) -> None:
        while not self._ended.is_set():
            answer = self._client.get("/api/sales-by-day/", params={"days": 800})
            if answer.is_success:
                self.answers.append(sum(day["orders"] for days in answer.json().values() for day in days))
            else:
                self.failures.append(answer.text)

    def stop(self) -> None:
        self._ended.set()
        self.join()


def test_history_is_told_while_the_shop_sells_and_the_read_model_is_swapped_while_it_is_read(site: Site) -> None:
    site.buy("first")
    site.run(*MANAGE, "backfill", "reporting")
    site.kill_9("consumer")
    site.stop("buying")
    until(lambda: site.is_quiet(["reporting"]), "the history to have arrived", seconds=120)
    placed = site.count(site.shop_db, "orders_order")
    assert placed > ORDERS
    site.compare()
    assert "no mismatches" in site.run(*MANAGE, "parity", "reporting", "orders")

    reader = Reader(site.web)
    site.run(*SERVICE, "rebuild")
    site.run(*SERVICE, "consume", "--declare", **{GENERATION: "2"})
    site.start("next consumer", site.process("next-consumer", *SERVICE, "consume", **{GENERATION: "2"}))
    site.buy("second")
    reader.start()
    site.run(*MANAGE, "backfill", "reporting-2")
    assert "generation 2 answers now" in site.run(*SERVICE, "swap", "--within", "90", **{GENERATION: "2"})
    site.stop("buying")
    reader.stop()
    assert reader.failures == []
    assert min(reader.answers) > ORDERS / 2, "somebody saw a copy that was not complete"

    until(lambda: site.is_quiet(["reporting", "reporting-2"]), "all that was sold to have arrived", seconds=120)
    assert site.count(site.shop_db, "orders_order") > placed
    site.compare()
    site.run(*SERVICE, "swap", "--back")
    site.compare()
    site.run(*SERVICE, "swap", **{GENERATION: "2"})
    site.stop("consumer")
    site.run(*SERVICE, "retire_generation", "1")
    site.compare()
    assert "no mismatches" in site.run(*MANAGE, "parity", "reporting")


def _asked(question: Question) -> dict[str, Any]:
    return {"do": "ask", "figure": question.figure, "arguments": dict(question.arguments), "times": 1}
