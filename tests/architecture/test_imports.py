"""The import rules hold, and each of them would be noticed if it did not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

PLANTED = [
    ("strangler/outbox/models.py", "import monolith.errors", "The kit knows neither the shop nor its services"),
    ("strangler/brokers/base.py", "import strangler.outbox.models", "Imports in the kit point one way"),
    ("strangler/relay/store.py", "import strangler.inbox.models", "Imports in the kit point one way"),
    ("strangler/relay/log/sql.py", "import strangler.relay.stream.reader", "Relays differ in who reads the log"),
    ("strangler/inbox/store.py", "import strangler.cutover", "Imports in the kit point one way"),
    ("strangler/saga/store.py", "import strangler.cutover", "Imports in the kit point one way"),
    ("strangler/eventstore/models.py", "import strangler.saga", "Imports in the kit point one way"),
    ("strangler/eventstore/models.py", "import strangler.inbox.models", "Streams are kept without a broker"),
    ("strangler/inbox/models.py", "import strangler.saga", "Imports in the kit point one way"),
    ("strangler/errors.py", "import strangler.conf", "Imports in the kit point one way"),
    ("strangler/stowaway.py", "", "Imports in the kit point one way"),
    ("strangler/messaging/event.py", "import django", "The published language needs no Django"),
    ("extracted/notifications/services.py", "import monolith.orders.services", "The kit knows neither"),
    ("monolith/orders/services.py", "import extracted.notifications.models", "The kit knows neither"),
    ("extracted/other/__init__.py", "import extracted.notifications.events", "A service imports no other service"),
    ("monolith/orders/services.py", "import monolith.catalog.models", "Only catalog sees the inside of catalog"),
    ("monolith/orders/services.py", "import monolith.customers.models", "Only customers sees the inside"),
    ("monolith/orders/services.py", "import monolith.inventory.models", "Only inventory sees the inside"),
    ("monolith/orders/services.py", "import monolith.notifications.admin", "Only notifications sees the inside"),
    ("monolith/payments/services.py", "import monolith.orders.api", "Only orders sees the inside of orders"),
    ("monolith/orders/services.py", "import monolith.payments.models", "Only payments sees the inside of payments"),
    ("monolith/orders/services.py", "import monolith.reporting.models", "Only reporting sees the inside of reporting"),
    ("monolith/payments/services.py", "import monolith.shipping.models", "Only shipping sees the inside of shipping"),
    ("monolith/storefront/cart.py", "import monolith.orders.models", "Only orders sees the inside of orders"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for package in ("strangler", "monolith", "extracted"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_import_rules_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("file", "line", "rule"), PLANTED)
def test_a_planted_violation_is_caught(copy: Path, file: str, line: str, rule: str) -> None:
    path = copy / file
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        done = lint(copy)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert done.returncode != 0
    broken = done.stdout.partition("Broken contracts")[2] or done.stdout
    assert rule in broken, done.stdout


def test_every_rule_has_a_planted_violation(copy: Path) -> None:
    names = [line.rpartition(" ")[0] for line in lint(copy).stdout.splitlines() if line.endswith(" KEPT")]
    assert names
    unplanted = [name for name in names if not any(name.startswith(rule) for _, _, rule in PLANTED)]
    assert unplanted == []


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINT_IMPORTS], cwd=folder, capture_output=True, text=True, check=False, timeout=120)
