"""`make demo ARGS="--tour … --once"` as its user meets it: a context leaves the shop while it sells."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.stack import servers

PROJECT = Path(__file__).resolve().parents[2]
REQUIRED = {"pgmq": lambda: None, "rabbitmq": servers.require_native_rabbitmq, "kafka": servers.require_native_kafka}


@pytest.mark.timeout(700)
def test_reporting_leaves_the_monolith_and_every_figure_stays_the_same_to_the_cent() -> None:
    said = tour("reporting")
    _, __, verdict = said.rpartition("one stage, without a gate")
    assert verdict.count("\n✓ ") >= 13
    assert "Reporting has left the monolith, and nobody noticed." in said


@pytest.mark.timeout(700)
@pytest.mark.parametrize("broker", ["pgmq", "kafka"])
def test_stock_changes_hands_there_and_back_while_customers_buy_and_processes_are_killed(broker: str) -> None:
    """There and back once, as payments on the third broker: all of the way is for whoever has four minutes."""
    said = on(broker, "inventory")
    _, __, verdict = said.rpartition("at the end (")
    assert verdict.count("\n✓ ") == 15
    assert "nothing lost, nothing doubled, never oversold" in " ".join(said.split())  # lines are as long as a terminal


@pytest.mark.timeout(700)
def test_payments_leave_and_come_back_while_the_gateway_fails_and_everybody_is_charged_once() -> None:
    said = on("rabbitmq", "payments")
    _, __, verdict = said.rpartition("first event on (")
    assert verdict.count("\n✓ ") == 19
    assert "charged exactly once, for nothing that came to nothing, and the books balance" in " ".join(said.split())


def on(broker: str, which: str) -> str:
    """The brief tour."""
    REQUIRED[broker]()
    return tour(which, "--broker", broker, "--brief")


def tour(which: str, *options: str) -> str:
    """What it said; it ends with 0, and nothing of it is crossed out."""
    name = f"test{uuid.uuid4().hex[:12]}"
    command = [
        sys.executable,
        "-m",
        "devstack.demo",
        "--tour",
        which,
        "--once",
        "--name",
        name,
        "--seed",
        "1",
        *options,
    ]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=680, check=False)
    finally:
        shutil.rmtree(PROJECT / ".local" / f"demo-{name}", ignore_errors=True)
        (PROJECT / ".local" / f"demo-{name}.lock").unlink(missing_ok=True)
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
    assert "✗" not in done.stdout
    return done.stdout
