"""`make chaos`, short: the first steps of a seed on each broker, which together see every kind of fault."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from devstack.chaos import clock
from devstack.chaos.clock import Clock
from devstack.chaos.schedule import KINDS, schedule
from tests.stack import servers
from tests.stack.required import require
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {"pgmq": lambda: None, "rabbitmq": servers.require_rabbitmq, "kafka": servers.require_kafka}
SEEDS = {"pgmq": 57, "rabbitmq": 38, "kafka": 209}
STEPS = 6
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
    library = clock.find()
    require("libfaketime", None if library else f"libfaketime is not installed here: {clock.HOW_TO_GET_IT}")
    assert library
    jumping = Clock(library, tmp_path / "clock")
    looks = "import time\nwhile input(): print(time.time(), time.monotonic(), flush=True)"
    command = [sys.executable, "-u", "-c", looks]
    with subprocess.Popen(
        command, env=jumping.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        wall, monotonic = _look(process)
        jumping.jump(7_200)
        until(lambda: _look(process)[0] > wall + 7_000, "the clock to jump", seconds=10)
        assert _look(process)[1] < monotonic + 60
        process.kill()


def _look(process: subprocess.Popen[str]) -> tuple[float, float]:
    assert process.stdin
    assert process.stdout
    process.stdin.write("now\n")
    process.stdin.flush()
    wall, monotonic = process.stdout.readline().split()
    return float(wall), float(monotonic)
