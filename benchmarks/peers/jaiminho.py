"""jaiminho: polling, one transaction an event, publishes by a function of the user's.

- Its relay is measured, so the strategy is KEEP_ORDER. Under PUBLISH_ON_COMMIT the process that commits publishes by
  itself and waits for the broker; its relay carries only what failed.
- Sent rows are deleted, which it does faster than marking them; nothing is signed or verified.
- The loop's interval is 0 instead of 1 s. Every pass reads all pending rows.
"""

from __future__ import annotations

from typing import Any

from benchmarks.peers.broker import publish_confirmed
from benchmarks.peers.recording import in_one_transaction

NAME = "jaiminho"
APPS = ["jaiminho"]
SETTINGS: dict[str, Any] = {
    "JAIMINHO_CONFIG": {
        "PUBLISH_STRATEGY": "keep-order",
        "DELETE_AFTER_SEND": True,
        "SIGN_EVENTS": False,
        "VERIFY_EVENTS_SIGNATURE": False,
        "DEFAULT_CAPTURE_EXCEPTION": None,
    }
}


def send(body: dict[str, Any]) -> None:
    publish_confirmed(body)


def _publish(body: dict[str, Any]) -> None:
    from jaiminho.send import save_to_outbox

    save_to_outbox(send)(body)


record = in_one_transaction(_publish)


def relay() -> None:
    from django.core.management import call_command

    call_command("events_relay", run_in_loop=True, loop_interval=0)
