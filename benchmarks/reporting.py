"""The dashboards' figures before and after: `python -m benchmarks.reporting --orders 50000`.

The shop is seeded, its history is told to the reporting service as a backfill tells it, and both sides are asked the
same in turns: the monolith's joins over everybody's tables, the service's read model. They must answer alike, to the
digit, or nothing counts. By itself and no part of `make bench`: it compares two designs, not this kit with others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks.harness.alone import console_of_any_width, progress
from benchmarks.harness.machine import busy, machine
from benchmarks.harness.outcome import Outcome, Tick
from benchmarks.harness.samples import Measure, Samples, take_turns
from benchmarks.harness.table import show
from benchmarks.stack import ROOT
from tests.stack.postgres import scratch, server

JOINS, READ_MODEL = "joins", "read model"
OWNER = "bench_figures"
TIMES = 3


class Question(NamedTuple):
    figure: str
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.figure}({', '.join(str(value) for value in self.arguments.values())})"


QUESTIONS = (
    Question("sales_by_day", {"days": 30}),
    Question("sales_by_day", {"days": 730}),
    Question("top_products", {"days": 30}),
    Question("top_products", {"days": 730}),
    Question("top_customers", {"limit": 10}),
    Question("cohorts", {"months": 24}),
    Question("stock_turnover", {"months": 12}),
)


class Side:
    """A process of one of the two projects, on a database of its own, that answers line by line."""

    def __init__(self, name: str, project: str) -> None:
        server().ensure_role(OWNER)
        server().ensure_database(name, OWNER)
        self._settings = f"{project}.settings"
        self._env = {
            "DJANGO_SETTINGS_MODULE": self._settings,
            "DATABASE_URL": server().url(name, OWNER),
            "SECRET_KEY": "nothing is served",
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
        }
        self.manage("migrate", "--verbosity", "0")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.read_model.side"],
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "django", *arguments], cwd=ROOT, env=self._env, check=True)

    def do(self, what: str, **wanted: Any) -> dict[str, Any]:
        """Raises RuntimeError where the process has ended; what it said is on the terminal."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": what, **wanted}) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"the process with {self._settings} ended while it was to {what}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


def measure(counts: argparse.Namespace, tick: Tick) -> Outcome:
    shop, service = Side("bench_shop", "monolith"), Side("bench_reporting", "extracted.reporting")
    try:
        told = _prepare(shop, service, counts, tick)
        answers: dict[str, dict[str, str]] = {}
        contenders: dict[str, Measure] = {}
        for question in QUESTIONS:
            for name, side in ((JOINS, shop), (READ_MODEL, service)):
                contenders[f"{question}, {name}"] = _asking(question, side, answers.setdefault(str(question), {}), name)
        samples = take_turns(contenders, counts.rounds, tick)
    finally:
        shop.close()
        service.close()
    for question, both in answers.items():
        assert both[JOINS] == both[READ_MODEL], f"{question}: the sides differ"
    return _outcome(samples, told)


def _prepare(shop: Side, service: Side, counts: argparse.Namespace, tick: Tick) -> dict[str, Any]:
    tick(f"seeding {counts.orders:,} orders")
    wanted = {"products": counts.products, "customers": counts.customers, "orders": counts.orders}
    shop.manage("seed", *(f"--{name}={count}" for name, count in wanted.items()))
    file = str(scratch() / "history.jsonl")
    tick("telling the history")
    shop.do("tell", file=file)
    tick("hearing it")
    told = service.do("hear", file=file)
    found = service.do("check")
    assert found == {"wrong": [], "parked": 0}, found
    return told


def _asking(question: Question, side: Side, answers: dict[str, str], name: str) -> Measure:
    """Milliseconds, of the quickest of a few calls: what else the machine does then is no part of it."""

    def milliseconds() -> float:
        told = side.do("ask", figure=question.figure, arguments=dict(question.arguments), times=TIMES)
        answers[name] = told["answer"]
        return 1000 * float(min(told["seconds"]))

    return milliseconds


def _outcome(samples: Samples, told: Mapping[str, Any]) -> Outcome:
    outcome = Outcome()
    outcome.add_rows("one question", samples, "ms")
    heard = Samples({"a history told again": [told["messages"] / told["seconds"]]})
    outcome.add_rows(f"{told['messages']:,} messages heard by one lane", heard, "per second")
    for question in map(str, QUESTIONS):
        ratio = samples.ratio(f"{question}, {JOINS}", f"{question}, {READ_MODEL}")
        outcome.add_ratio(
            f"joins_vs_read_model_{question}", f"{question}: time of the joins / of the read model", ratio
        )
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, count in (("products", 5000), ("customers", 10_000), ("orders", 50_000), ("rounds", 7)):
        parser.add_argument(f"--{name}", type=int, default=count)
    counts = parser.parse_args()
    console, load = console_of_any_width(), busy()
    with progress(console) as (tick, _):
        outcome = measure(counts, tick)
    show(console, outcome, f"{counts.orders:,} orders on {machine()}, {load}")
    print(outcome.as_json())


if __name__ == "__main__":
    main()
