"""What is written down about the events is what the code says: `contracts/`, and the map in the README."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devstack.topology_map import PROJECTS, TARGET, joined, svg

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
SPEAK = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("contracts", "export", "--to", {folder!r}, stdout=sys.stderr)
call_command("topology", json=True)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[dict[str, Any]]]]:
    """What each project says of itself, written over what is there; and its routes."""
    folder = tmp_path_factory.mktemp("exported") / "contracts"
    shutil.copytree(CONTRACTS, folder)
    return folder, [_speak(settings, folder) for settings in PROJECTS]


def test_the_contracts_are_those_of_the_code(exported: tuple[Path, object]) -> None:
    """`python -m devstack.contracts` brings them up to date."""
    assert _texts(CONTRACTS) == _texts(exported[0])


def test_the_map_is_that_of_the_code(exported: tuple[object, list[list[dict[str, Any]]]]) -> None:
    """`python -m devstack.topology_map` draws it again."""
    assert TARGET.read_text(encoding="utf-8") == svg(joined(exported[1]))


def test_an_event_of_the_shop_that_is_still_told_is_not_retired() -> None:
    schemas = [json.loads(path.read_text()) for path in CONTRACTS.glob("[!n]*/*.schema.json")]
    assert len(schemas) >= 40
    assert [schema["$id"] for schema in schemas if schema.get("deprecated")] == []


def _speak(settings: str, folder: Path) -> list[dict[str, Any]]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "SECRET_KEY": "unused", "DATABASE_URL": "postgresql:///x"}
    command = [sys.executable, "-c", SPEAK.format(folder=str(folder))]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    routes: list[dict[str, Any]] = json.loads(done.stdout)
    return routes


def _texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()
    }
