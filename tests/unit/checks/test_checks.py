"""What `manage.py check` refuses: a small project with each mistake planted, checked as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = {
    "planted/__init__.py": "",
    "planted/settings.py": """
SECRET_KEY = "not a secret"
INSTALLED_APPS = ["strangler.outbox", "strangler.inbox", "planted.orders", "planted.billing"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "never used"}}
STRANGLER = {}
""",
    "planted/orders/__init__.py": "",
    "planted/orders/events.py": """
from strangler.messaging import Event

class OrderPlaced(Event, type="orders.order_placed", key="number"):
    number: str
""",
    "planted/orders/services.py": """
from planted.orders.events import OrderPlaced
from strangler.outbox import publish

def place():
    publish(OrderPlaced(number="1"))
""",
    "planted/billing/__init__.py": "",
    "planted/billing/handlers.py": """
from planted.orders.events import OrderPlaced
from strangler.inbox import subscribe

@subscribe(OrderPlaced, group="billing")
def bill(event): ...
""",
}
FOREIGN_READER = """
from strangler.inbox import subscribe
from strangler.messaging import Event

class Shipped(Event, type="{type}", key="number"):
    number: str

@subscribe(Shipped, group="billing")
def bill(event): ...
"""

SAGA = """
from datetime import timedelta
from planted.orders.events import OrderPlaced
from pydantic import BaseModel
from strangler.saga import Saga, Step, waiting

class Purchase(BaseModel):
    number: str

pay = Step("pay", lambda data: waiting(), done=OrderPlaced, within={within})
purchase = Saga("purchase", data=Purchase, key="number", steps=(pay,))
"""

STREAM = """
from pydantic import BaseModel, ConfigDict
from strangler.eventstore import EventStream
from strangler.messaging import Event

class Placed(Event, type="orders.placed", version={version}, key="number", kind="domain"):
    number: str

class Order(BaseModel):
    model_config = ConfigDict(frozen=True)

orders = EventStream("order", state=Order, evolve=lambda state, event: state, events=(Placed,))
"""
PROJECTION = """
from planted.orders.streams import orders
from strangler.eventstore import projection

@projection("board", streams=({streams}), reset=lambda: None)
def show(recorded): ...
"""


def check(folder: Path, changes: dict[str, str]) -> str:
    for name, text in {**PROJECT, **changes}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root = Path(__file__).resolve().parents[3]
    env = {**os.environ, "PYTHONPATH": f"{folder}:{root}", "DJANGO_SETTINGS_MODULE": "planted.settings"}
    # -B: a text of the same second and length would be taken for the one that was compiled
    command = [sys.executable, "-B", "-m", "django", "check", "--fail-level", "WARNING"]
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


def test_a_sound_project_passes(tmp_path: Path) -> None:
    assert "no issues" in check(tmp_path, {})


@pytest.mark.parametrize(
    "source",
    [
        "from planted.orders.events import OrderPlaced\nfrom strangler.outbox import publish\n"
        "def f(): publish(OrderPlaced(number='1'))",
        "from planted.orders import events\nfrom strangler import outbox\n"
        "def f(): outbox.publish_many([events.OrderPlaced(number='1')])",
        "from ..orders.events import OrderPlaced as Placed\nfrom strangler.outbox import publish_many\n"
        "def f(): publish_many([Placed(number=n) for n in 'ab'])",
    ],
)
def test_an_event_published_by_a_context_that_does_not_own_it_is_refused(tmp_path: Path, source: str) -> None:
    said = check(tmp_path, {"planted/billing/services.py": source})
    assert "strangler.E101" in said
    assert "services.py:3 publishes OrderPlaced ('orders.order_placed'), which context 'orders' owns" in said


def test_an_app_whose_folder_contains_other_apps_answers_only_for_its_own_files(tmp_path: Path) -> None:
    settings = PROJECT["planted/settings.py"].replace('"planted.orders"', '"planted", "planted.orders"')
    assert "no issues" in check(tmp_path, {"planted/settings.py": settings})


def test_an_event_declared_twice_is_refused(tmp_path: Path) -> None:
    events = PROJECT["planted/orders/events.py"]
    said = check(tmp_path, {"planted/orders/events.py": events + events[1:].replace("OrderPlaced", "Again")})
    assert "strangler.E102" in said


def test_a_handler_for_a_type_its_owner_does_not_know_is_refused(tmp_path: Path) -> None:
    said = check(tmp_path, {"planted/billing/handlers.py": FOREIGN_READER.format(type="orders.order_shipped")})
    assert "strangler.E201" in said
    assert "app 'orders' does not know" in said


def test_a_handler_for_another_services_event_is_held_to_its_contracts(tmp_path: Path) -> None:
    reader = {"planted/billing/handlers.py": FOREIGN_READER.format(type="shipping.parcel_shipped")}
    assert "strangler.W201" in check(tmp_path, reader)
    with_contracts = PROJECT["planted/settings.py"] + f"STRANGLER = {{'CONTRACTS_DIR': {str(tmp_path)!r}}}\n"
    assert "strangler.E201" in check(tmp_path, {**reader, "planted/settings.py": with_contracts})
    contract = {"shipping/parcel_shipped.v1.schema.json": "{}"}
    assert "no issues" in check(tmp_path, {**reader, **contract, "planted/settings.py": with_contracts})


def test_a_version_that_no_upcaster_lifts_is_refused_at_start_up(tmp_path: Path) -> None:
    second = FOREIGN_READER.replace('key="number"', 'version=3, key="number"').format(type="shipping.parcel_shipped")
    lift = "from strangler.messaging import upcaster\nupcaster('shipping.parcel_shipped', from_version=2)(dict)\n"
    contracts = {f"shipping/parcel_shipped.v{version}.schema.json": "{}" for version in (1, 2, 3)}
    settings = PROJECT["planted/settings.py"] + f"STRANGLER = {{'CONTRACTS_DIR': {str(tmp_path)!r}}}\n"
    changes = {**contracts, "planted/settings.py": settings, "planted/billing/handlers.py": second + lift}
    said = check(tmp_path, changes)
    assert "strangler.E202" in said
    assert "billing.handlers.bill reads shipping.parcel_shipped.v3, and no upcaster lifts v1 to v2" in said
    whole = second + lift + lift.replace("from_version=2", "from_version=1")
    assert "no issues" in check(tmp_path, {**changes, "planted/billing/handlers.py": whole})


def test_a_saga_is_found_and_held_to_what_could_ever_be_answered(tmp_path: Path) -> None:
    settings = PROJECT["planted/settings.py"].replace('"strangler.inbox"', '"strangler.inbox", "strangler.saga"')
    sound = {"planted/settings.py": settings, "planted/billing/sagas.py": SAGA.format(within="timedelta(seconds=9)")}
    assert "no issues" in check(tmp_path, sound)
    said = check(tmp_path, {**sound, "planted/billing/sagas.py": SAGA.format(within=None)})
    assert "strangler.E404" in said
    assert "saga 'purchase' in planted.billing.sagas: step 'pay' waits for done= for ever" in said


def test_sagas_without_the_apps_that_carry_their_messages_are_refused(tmp_path: Path) -> None:
    apps = 'INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "strangler.saga"]'
    lines = [apps if line.startswith("INSTALLED") else line for line in PROJECT["planted/settings.py"].splitlines()]
    said = check(tmp_path, {"planted/settings.py": "\n".join(lines)})
    assert said.count("strangler.E400") == 2


def test_streams_and_projections_are_found_and_held_to_what_can_be_kept_and_read(tmp_path: Path) -> None:
    settings = PROJECT["planted/settings.py"].replace('"strangler.inbox"', '"strangler.inbox", "strangler.eventstore"')
    sound = {"planted/settings.py": settings, "planted/orders/streams.py": STREAM.format(version=1)}
    projections = {"planted/orders/projections.py": PROJECTION.format(streams="orders,")}
    assert "no issues" in check(tmp_path, {**sound, **projections})
    said = check(tmp_path, {**sound, **projections, "planted/orders/streams.py": STREAM.format(version=2)})
    assert "strangler.E504" in said
    assert "stream 'order' in planted.orders.streams: no upcaster leads from orders.placed.v1 to v2" in said
    assert "strangler.E505" in check(
        tmp_path, {**sound, "planted/orders/projections.py": PROJECTION.format(streams="")}
    )


def test_streams_without_the_outbox_they_are_written_with_are_refused(tmp_path: Path) -> None:
    apps = 'INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "strangler.eventstore"]'
    lines = [apps if line.startswith("INSTALLED") else line for line in PROJECT["planted/settings.py"].splitlines()]
    assert "strangler.E500" in check(tmp_path, {"planted/settings.py": "\n".join(lines)})


def test_a_mistyped_setting_is_refused_without_a_traceback(tmp_path: Path) -> None:
    settings = PROJECT["planted/settings.py"] + "STRANGLER = {'RELAY_BATCH_SIZE': 'many', 'RELAYS': 2}\n"
    said = check(tmp_path, {"planted/settings.py": settings})
    assert "strangler.E001" in said
    assert "STRANGLER['RELAY_BATCH_SIZE']" in said
    assert "STRANGLER['RELAYS'] is no setting of the kit" in said


def test_stages_from_the_database_without_the_app_that_has_them_are_refused(tmp_path: Path) -> None:
    settings = PROJECT["planted/settings.py"] + "STRANGLER = {'STAGE_SOURCE': 'database'}\n"
    assert "strangler.E002" in check(tmp_path, {"planted/settings.py": settings})
    with_app = settings.replace('"strangler.inbox"', '"strangler.inbox", "strangler.cutover"')
    assert "no issues" in check(tmp_path, {"planted/settings.py": with_app})
