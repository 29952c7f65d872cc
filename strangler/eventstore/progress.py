"""How far a projection is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from time import monotonic

from django.core.management.base import OutputWrapper

from strangler.eventstore.projector import Projector

_LINE_SECONDS = 5.0
_BAR_SECONDS = 0.2
_WIDTH = 24


class Shown:
    """Of one projection at a time, at most every so many seconds."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._bar = out.isatty()
        self._next = monotonic() + self._pause
        self._drawn = False

    def moved(self, projector: Projector) -> None:
        if monotonic() >= self._next:
            self._next = monotonic() + self._pause
            self._say(projector)

    def ended(self, projector: Projector) -> None:
        """The last word on it, in a line of its own."""
        self._say(projector)
        if self._drawn:
            self._out.write("")

    @property
    def _pause(self) -> float:
        return _BAR_SECONDS if self._bar else _LINE_SECONDS

    def _say(self, projector: Projector) -> None:
        checkpoint = projector.checkpoint()
        share = min(1.0, checkpoint.handled / checkpoint.expected) if checkpoint.expected else 1.0
        text = f"{projector.name}: {checkpoint.handled:,} events"
        if share < 1.0:
            text += f" of {checkpoint.expected:,} ({share:.0%})"
        if not self._bar:
            self._out.write(text)
            return
        full = round(_WIDTH * share)
        self._out.write(f"\r\x1b[K[{'#' * full}{'.' * (_WIDTH - full)}] {text}", ending="")
        self._out.flush()
        self._drawn = True
