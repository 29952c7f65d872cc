"""A service's own tests, run as its owners run them: in one process without the monolith's settings.

Both sides have an app with the context's label, so they can't share a process. Each inner test is a subtest here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[3]
FOREIGN = {"DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_VERSION"}


def run(folder: str, subtests: pytest.Subtests, tmp_path: Path, *, at_least: int, timeout: int = 240) -> None:
    """`at_least` so many tests: a run that silently collects nothing must not look like a success."""
    report, inside = tmp_path / "report.xml", Path(__file__).with_name(folder)
    command = [sys.executable, "-m", "pytest", str(inside), "-q", "--junitxml", str(report), "-p", "no:cacheprovider"]
    inherited = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    outcome = subprocess.run(
        command, cwd=ROOT, env=inherited, capture_output=True, text=True, timeout=timeout, check=False
    )
    assert report.exists(), outcome.stdout + outcome.stderr
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  (our own file)
    for case in cases:
        with subtests.test(msg=f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"):
            _tell(case)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert len(cases) >= at_least, f"only {len(cases)} tests ran:\n{outcome.stdout}"


def _tell(case: ElementTree.Element) -> None:
    """Skips with the inner reason; fails with the inner traceback."""
    for bad in (*case.findall("failure"), *case.findall("error")):
        pytest.fail(bad.text or bad.get("message", ""), pytrace=False)
    for skipped in case.findall("skipped"):
        pytest.skip(skipped.get("message", ""))
