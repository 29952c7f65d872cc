"""How far it is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from time import monotonic

from django.core.management.base import OutputWrapper

from strangler.cutover.models import BackfillRun

_LINE_SECONDS = 5.0
_BAR_SECONDS = 0.2
_WIDTH = 24


class Shown:
    """Says where `run` is at most every so many seconds, and at its end."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._bar = out.isatty()
        self._started = monotonic()
        self._first: int | None = None
        self._next = 0.0
        self._run: BackfillRun | None = None

    def moved(self, run: BackfillRun) -> None:
        told_before = self._first is None and run.finished_at is not None
        if self._first is None:
            self._first = run.done
        self._run = run
        if told_before:
            self._say(f"{line(run)}: nothing to do; --restart tells it again")
        elif run.finished_at is not None or self._is_due():
            self._say(f"{run.name} → {run.group}: {figures(run)}{self._speed(run)}")

    def waits(self, reason: str) -> None:
        if self._run is not None and self._is_due():
            self._say(f"{self._run.name} → {self._run.group}: {figures(self._run)}, waits: {reason}")

    def end(self) -> None:
        """What is written next begins in a new line."""
        if self._bar and self._run is not None:
            self._out.write("")

    def _is_due(self) -> bool:
        if monotonic() < self._next:
            return False
        self._next = monotonic() + (_BAR_SECONDS if self._bar else _LINE_SECONDS)
        return True

    def _say(self, text: str) -> None:
        if not self._bar or self._run is None:
            self._out.write(text)
            return
        full = round(_WIDTH * share(self._run))
        self._out.write(f"\r\x1b[K[{'#' * full}{'.' * (_WIDTH - full)}] {text}", ending="")
        self._out.flush()

    def _speed(self, run: BackfillRun) -> str:
        """Since this process began."""
        seconds, rows = monotonic() - self._started, run.done - (self._first or 0)
        if run.finished_at is not None or not rows:
            return ""
        left = max(0, run.expected - run.done) * seconds / rows
        return f", {rows / seconds:,.0f} rows/s, {duration(left)} left"


def line(run: BackfillRun) -> str:
    """What there is to say of it, whether or not somebody works at it."""
    if run.finished_at is None:
        state, at = f"{figures(run)}, last moved", run.moved_at
    else:
        state, at = f"{run.done:,} rows, finished", run.finished_at
    return f"{run.name} → {run.group}, version {run.version}: {state} {at.isoformat(' ', 'seconds')}"


def figures(run: BackfillRun) -> str:
    return f"{run.done:,} of {run.expected:,} rows ({share(run):.0%})"


def share(run: BackfillRun) -> float:
    """Of what there was when it began; some of it may have been deleted since."""
    return 1.0 if run.finished_at is not None or not run.expected else min(1.0, run.done / run.expected)


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
