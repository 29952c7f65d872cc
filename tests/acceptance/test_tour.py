"""`make demo ARGS="--tour reporting --once"` as its user meets it: reporting leaves the shop while it sells."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CLAIMS = 13


@pytest.mark.timeout(700)
def test_reporting_leaves_the_monolith_and_every_figure_stays_the_same_to_the_cent() -> None:
    name = f"test{uuid.uuid4().hex[:12]}"
    command = [sys.executable, "-m", "devstack.demo", "--tour", "reporting", "--once", "--name", name, "--seed", "1"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=680, check=False)
    finally:
        shutil.rmtree(PROJECT / ".local" / f"demo-{name}", ignore_errors=True)
        (PROJECT / ".local" / f"demo-{name}.lock").unlink(missing_ok=True)
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-4000:]}"
    _, __, verdict = done.stdout.rpartition("one stage, without a gate")
    assert verdict.count("\n✓ ") >= CLAIMS
    assert "✗" not in done.stdout
    assert "Reporting has left the monolith, and nobody noticed." in done.stdout
