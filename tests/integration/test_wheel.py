"""The kit installs alone: its wheel holds `strangler` and nothing else, and works where there is nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.stack import servers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name in ("strangler", "monolith", "extracted", "devstack"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(target), str(source)]
    subprocess.run(command, check=True, timeout=180)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_holds_the_kit_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"strangler"}
    assert {"strangler/py.typed", "strangler/testing/silent_writes/__init__.py"} <= set(names)
    apps = ("outbox", "inbox", "saga", "eventstore")
    assert "strangler/contracts/templates/strangler/contracts/page.html" in names
    assert {f"strangler/{app}/migrations/0001_initial.py" for app in apps} <= set(names)


def test_a_project_with_nothing_but_the_wheel_migrates_and_passes_its_checks(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    settings = (ROOT / "tests" / "kit_settings.py").read_text().replace("tests.kit_settings", "user_settings")
    database = servers.business().start()
    database.ensure_role("wheel")
    database.ensure_database("wheel", owner="wheel")
    url = database.url("wheel", "wheel")
    settings += f"import dj_database_url\nDATABASES = {{'default': dj_database_url.parse({url!r})}}\n"
    (site / "user_settings.py").write_text(settings)
    env = {**os.environ, "PYTHONPATH": str(site), "DJANGO_SETTINGS_MODULE": "user_settings"}
    for command in ("check", "migrate", "topology", "outbox_prune", "inbox_prune", "saga"):
        done = subprocess.run(
            [sys.executable, "-m", "django", command],
            env=env, cwd=site, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
