"""What is written down about the events is what the code says: `contracts/`, and the map in the README."""

from __future__ import annotations

import json
from pathlib import Path

from django.apps import apps

from devstack.topology_map import PROJECTS, TARGET, joined, routes_of, svg
from strangler.messaging import registry
from strangler.messaging.contracts import contract_path, schema_of

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"


def test_the_contracts_are_those_of_the_code() -> None:
    """`manage.py contracts export` brings them up to date."""
    owned = [event for event in registry if _is_the_shops(event.__module__, event.owner)]
    written = {path.relative_to(CONTRACTS).as_posix(): json.loads(path.read_text()) for path in _files()}
    assert written == {str(contract_path(event)): schema_of(event) for event in owned}


def test_the_map_is_that_of_the_code() -> None:
    """`python -m devstack.topology_map` draws it again."""
    assert TARGET.read_text(encoding="utf-8") == svg(joined([routes_of(settings) for settings in PROJECTS]))


def _files() -> list[Path]:
    return sorted(CONTRACTS.rglob("*.schema.json"))


def _is_the_shops(module: str, owner: str) -> bool:
    app = apps.get_containing_app_config(module)
    return app is not None and app.label == owner and app.name.startswith("monolith.")
