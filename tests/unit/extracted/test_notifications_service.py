"""The service's own tests, run as its owners run them: in one process without the monolith's settings.

Both sides have an app labelled `notifications`, so they can't share a process. Each inner test is a subtest here; to
work on them, run `python -m pytest tests/unit/extracted/notifications` directly.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[3]
INSIDE = Path(__file__).with_name("notifications")
TIMEOUT = 240  # seconds
AT_LEAST = 40  # a run that silently collects nothing must not look like a success


def test_the_service_passes_its_own_tests(subtests, tmp_path):
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", str(INSIDE), "-q", "--junitxml", str(report), "-p", "no:cacheprovider"]
    foreign = {"DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_VERSION"}
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    outcome = subprocess.run(
        command, cwd=ROOT, env=inherited, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert report.exists(), outcome.stdout + outcome.stderr
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  (our own file)
    for case in cases:
        with subtests.test(msg=f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"):
            _tell(case)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert len(cases) >= AT_LEAST, f"only {len(cases)} tests ran:\n{outcome.stdout}"


def _tell(case: ElementTree.Element) -> None:
    """Skips with the inner reason; fails with the inner traceback."""
    for bad in (*case.findall("failure"), *case.findall("error")):
        pytest.fail(bad.text or bad.get("message", ""), pytrace=False)
    for skipped in case.findall("skipped"):
        pytest.skip(skipped.get("message", ""))
