"""`make chaos`, short: the first steps of a seed on each broker, which together see every kind of fault."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from devstack.chaos.clock import Clock
from devstack.chaos.schedule import KINDS, schedule
from tests.stack import servers
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {"pgmq": lambda: None, "rabbitmq": servers.require_rabbitmq, "kafka": servers.require_kafka}
SEEDS = {"pgmq": 136, "rabbitmq": 2347, "kafka": 556}
STEPS = 4
LOOKS = """
import os, sys, time
from uuid_utils.compat import uuid7
if os.fork():
    os.wait()  # a worker of gunicorn is a child, too
for _ in sys.stdin:
    print(time.time(), (uuid7().int >> 80) / 1000, time.monotonic(), flush=True)
"""
PREPARATIONS, CLAIMS = 3, 11
MINUTES = 3
"""At most: the steps take half a minute on a machine that has nothing else to do."""


@pytest.mark.timeout(290)
@pytest.mark.parametrize("broker", SEEDS)
def test_nothing_is_lost_or_doubled_whatever_happens(broker: str) -> None:
    REQUIRED[broker]()
    command = [sys.executable, "-m", "devstack.chaos", "--seed", str(SEEDS[broker])]
    command += ["--broker", broker, "--steps", str(STEPS), "--minutes", str(MINUTES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-2000:]}"
    assert done.stdout.count("✓") == PREPARATIONS + CLAIMS, "not all checks were made"
    assert done.stdout.count("  over; ") == STEPS, "the machine is too slow for the whole schedule"


def test_the_seeds_of_this_test_see_every_kind_of_fault() -> None:
    seen = {fault.kind for seed in SEEDS.values() for step in islice(schedule(seed), STEPS) for fault in step.faults}
    assert seen == KINDS.keys()


def test_a_clock_jumps_while_its_process_runs_and_monotonic_time_goes_on(tmp_path: Path) -> None:
    jumping = Clock(tmp_path / "clock")
    command = [sys.executable, "-c", LOOKS]
    with subprocess.Popen(
        command, env=jumping.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        wall, of_an_id, monotonic = _look(process)
        for seconds in (7_200, -90, 0):
            jumping.jump(seconds)
            until(lambda to=wall + seconds: abs(_look(process)[0] - to) < 60, "the clock to jump")
            assert abs(_look(process)[1] - of_an_id - seconds) < 60, "the time in a UUIDv7"
        assert _look(process)[2] < monotonic + 60
        process.kill()


def _look(process: subprocess.Popen[str]) -> list[float]:
    assert process.stdin
    assert process.stdout
    process.stdin.write("now\n")
    process.stdin.flush()
    return [float(word) for word in process.stdout.readline().split()]
