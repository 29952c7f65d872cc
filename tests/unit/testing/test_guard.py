"""The pytest plugin, run by a real pytest on a small project: what fails, where it points, and what it leaves alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.stack.postgres import server

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SERVICES = (HERE / "project" / "little" / "orders" / "services.py").read_text(encoding="utf-8").splitlines()
OPTIONS = "django_find_project = false\npython_files = inner.py\n"


class Project:
    """A copy outside `tests`, whose modules would all be taken for test code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        name = f"guarded_{uuid.uuid4().hex[:12]}"
        server().ensure_database(name, "tests")
        self._env = {
            **os.environ,
            "DATABASE_URL": server().url(name, "tests"),
            "DJANGO_SETTINGS_MODULE": "little.settings",
            "PYTHONPATH": f"{folder}:{ROOT}",
        }
        shutil.copytree(HERE / "project", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    def pytest(self, *arguments: str, options: str = "") -> subprocess.CompletedProcess[str]:
        (self.folder / "pytest.ini").write_text(f"[pytest]\n{OPTIONS}{options}", encoding="utf-8")
        (self.folder / "conftest.py").write_text('pytest_plugins = ["strangler.testing.silent_writes"]\n')
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self._env, capture_output=True, text=True, check=False, timeout=240
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("guarded"))


@pytest.fixture(scope="module")
def outcomes(project: Project) -> dict[str, str]:
    """Of each test of project/inner.py: how it failed, nothing where it passed. `""`: all that was printed."""
    report = project.folder / "report.xml"
    done = project.pytest(f"--junitxml={report}", "-rN")
    assert report.exists(), done.stdout + done.stderr
    assert "ERROR collecting" not in done.stdout, done.stdout
    assert "silent writes: orders.Order, orders.Note guarded" in done.stdout
    found = {"": done.stdout}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314  (pytest's own)
        found[case.attrib["name"]] = "\n".join(
            f"{part.get('message', '')}\n{part.text}" for part in case if part.tag != "properties"
        )
    return found


def line_of(way: str) -> int:
    """Where the function that is named so writes silently."""
    start = next(n for n, line in enumerate(SERVICES) if re.match(rf"(async )?def {way}\(", line))
    return next(n for n, line in enumerate(SERVICES[start:], start + 1) if "# silent" in line)


def silent(outcomes: dict[str, str], group: str) -> dict[str, str]:
    return {match[1]: said for name, said in outcomes.items() if (match := re.fullmatch(rf"{group}\[(.*)\]", name))}


@pytest.mark.parametrize("group", ["test_silent", "test_silent_committed", "test_silent_events"])
def test_a_write_without_its_event_fails_the_test_and_names_its_line(outcomes: dict[str, str], group: str) -> None:
    ways = silent(outcomes, group)
    assert ways
    for way, said in ways.items():
        at = line_of({"composed": "raw", "in_a_thread": "_in_a_thread"}.get(way, way))
        assert f"little/orders/services.py:{at}\n" in said, f"{way}: {said}"
        assert "on orders.Order, but " in said


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("raw_insert", "INSERT of 1 row on"),
        ("raw_update", "UPDATE of 3 rows on"),
        ("raw_delete", "DELETE of 3 rows on"),
        ("raw_with", "DELETE on"),
        ("raw_merge", "MERGE of 2 rows on"),
        ("raw_do", "UPDATE on"),
        ("raw_second", "UPDATE on"),
        ("raw_truncate", "TRUNCATE on"),
    ],
)
def test_so_does_raw_sql_whatever_it_looks_like(outcomes: dict[str, str], way: str, what: str) -> None:
    said = outcomes[f"test_silent_raw[{way}]"]
    assert f"little/orders/services.py:{line_of('raw')}\n" in said
    assert f"{what} orders.Order" in said


def test_so_does_what_a_coroutine_awaits(outcomes: dict[str, str]) -> None:
    assert f"services.py:{line_of('awaited')}\n" in outcomes["test_silent_awaited"]


def test_a_hook_of_on_commit_is_not_told_of_by_the_events_before_it(outcomes: dict[str, str]) -> None:
    assert f"services.py:{line_of('_hook')}\n" in outcomes["test_silent_hook"]


def test_a_unittest_of_djangos_is_judged_alike(outcomes: dict[str, str]) -> None:
    assert f"services.py:{line_of('in_autocommit')}\n" in outcomes["test_silent_testcase"]
    assert "outside transaction.atomic()" in outcomes["test_silent_testcase"]


def test_it_says_what_is_missing_and_the_way_out(outcomes: dict[str, str]) -> None:
    said = outcomes["test_silent[bulk_create]"]
    assert "INSERT of 3 rows on orders.Order, but its transaction published no event of orders.*" in said
    assert "PublishingQuerySet" in said
    assert "allow_silent_writes" in said
    assert "outside transaction.atomic() no event of orders.* can go with it" in outcomes["test_silent[in_autocommit]"]
    assert "tells of 1 of orders.* only" in outcomes["test_silent[event_of_one_of_three]"]


def test_the_action_of_an_admin_is_no_doing_of_the_tests(outcomes: dict[str, str]) -> None:
    assert "little/orders/admin.py:6 (OrderAdmin, in delete_queryset())" in outcomes["test_silent_admin_action"]
    assert "POST /admin/orders/note/add/" in outcomes["test_silent_stock_admin"]


def test_the_inherited_save_of_a_form_is_the_forms(outcomes: dict[str, str]) -> None:
    assert "little/orders/forms.py:6 (OrderForm, in save())" in outcomes["test_silent_form"]


def test_a_test_that_fails_anyway_keeps_its_reason_and_hears_of_the_write(outcomes: dict[str, str]) -> None:
    said = outcomes["test_silent_and_failing"]
    assert "for a reason of its own" in said.splitlines()[0]
    printed = outcomes[""].partition("test_silent_and_failing")[2]
    assert re.search(rf"Captured silent writes call -+\n.*\n  little/orders/services.py:{line_of('update')}\n", printed)


def test_everything_else_passes(outcomes: dict[str, str]) -> None:
    """Told, rolled back, without a row, of other models, allowed, and what tests and factories write themselves."""
    failed = {name: said for name, said in outcomes.items() if said and not name.startswith("test_silent") and name}
    assert failed == {}
    own = {"test_own_data", "test_own_thread", "test_own_awaited", "test_own_testcase"}
    assert own | {"test_allowed", "test_marked", "test_told"} <= outcomes.keys()


def test_a_mark_without_a_reason_is_refused(outcomes: dict[str, str]) -> None:
    assert "@pytest.mark.allow_silent_writes takes a reason" in outcomes["test_silent_mark_without_a_reason"]
    assert "ERROR at teardown" not in outcomes[""]


def test_another_module_may_be_declared_to_be_test_code(project: Project) -> None:
    done = project.pytest("-k", "test_silent and update and not raw", options="silent_writes_test_code = services\n")
    assert done.returncode == 0, done.stdout


def test_without_django_it_says_what_it_needs(project: Project) -> None:
    done = project.pytest("-p", "no:django")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "install pytest-django and set DJANGO_SETTINGS_MODULE" in done.stdout + done.stderr


def test_a_model_that_is_not_there_ends_the_run_before_it_begins(project: Project) -> None:
    settings = project.folder / "wrong.py"
    settings.write_text('from little.settings import *\nSTRANGLER = {"MODELS_WITH_EVENTS": ["orders.Ordr"]}\n')
    done = project.pytest("--ds", "wrong")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "STRANGLER[\"MODELS_WITH_EVENTS\"]['orders.Ordr']: there is no such model" in done.stdout + done.stderr
