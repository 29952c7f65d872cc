"""Ctrl-C, SIGTERM and a closed terminal end a run in order: everything it started is stopped."""

import signal
import threading
from types import FrameType

from devstack.shop.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def raise_on_signals() -> None:
    """From now on each of them raises `Interrupted` in the main thread."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)


def set_on_signals() -> threading.Event:
    """Set by any of them: for who has to finish what is in hand."""
    asked = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: asked.set())
    return asked


def ignore_signals() -> None:
    """While everything is stopped: a second Ctrl-C must not leave half behind."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, _: FrameType | None) -> None:
    raise Interrupted(number)
