"""What one sees while it runs: a live table on a terminal, a line for each batch of events elsewhere."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from devstack.demo import words
from devstack.demo.journal import Journal
from devstack.demo.observer import Sight
from devstack.shop.programs import Program

LINE_SECONDS = 1.0
FRAMES_PER_SECOND = 8
SHOWN_NEWS = 6
FIXED_LINES = SHOWN_NEWS + 9
LONGEST_TABLE = 24
COLOURS = {
    "running": "green",
    "starting": "yellow",
    "killed": "bold white on red",
    "restarted": "yellow",
    "over": "green",
}


class Screen(Protocol):
    """`tell` something that happens; `show` a sight, often."""

    def tell(self, kind: str, text: str) -> None: ...

    def show(self, phase: str, sight: Sight) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def screen_for(console: Console, programs: Sequence[Program], journal: Journal) -> Screen:
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveScreen(console, programs, journal)
    return PlainScreen(console, journal)


class PlainScreen:
    """At most one line a second, and only when there is news."""

    def __init__(self, console: Console, journal: Journal) -> None:
        self._console = console
        self._journal = journal
        self._started = time.monotonic()
        self._phase = ""
        self._last_line = 0.0
        self._handled: set[object] = set()

    def tell(self, kind: str, text: str) -> None:
        self._line(f"{'!!' if kind == 'killed' else '->'} {text}")

    def show(self, phase: str, sight: Sight) -> None:
        if phase != self._phase:
            self._phase = phase
            self._line(f"== {phase}")
        if time.monotonic() - self._last_line < LINE_SECONDS:
            return
        news = [way for way in sight.ways if way.handled_at and way.id not in self._handled]
        if news:
            self._handled.update(way.id for way in news)
            self._line(f"{words.batch(news)} | {words.orders(self._journal)} | {words.events(sight)}")
            self._last_line = time.monotonic()

    def _line(self, text: str) -> None:
        moment = f"{time.monotonic() - self._started:6.1f} s"
        self._console.print(f"{moment}  {text}", highlight=False, markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class LiveScreen:
    """Header, state of the processes, the latest events, what happened to the processes."""

    def __init__(self, console: Console, programs: Sequence[Program], journal: Journal) -> None:
        self._console = console
        self._programs = programs
        self._journal = journal
        self._started = time.monotonic()
        self._told: list[Text] = []
        self._live = Live(console=console, refresh_per_second=FRAMES_PER_SECOND, transient=True)

    def tell(self, kind: str, text: str) -> None:
        self._told.append(_line(f" {datetime.now(UTC):%H:%M:%S} {text} ", style=COLOURS[kind]))

    def show(self, phase: str, sight: Sight) -> None:
        seconds = time.monotonic() - self._started
        head = Text.assemble("\n", (f"{phase} ", "bold"), (f"{seconds:.0f} s", "dim"))
        numbers = (words.orders(self._journal), words.events(sight), words.recent(sight))
        size = self._console.size
        rows = min(LONGEST_TABLE, max(4, size.height - FIXED_LINES))
        table = words.table(sight.ways[-rows:], width=size.width)
        self._live.update(
            Group(head, self._states(), *(_line(text, "cyan") for text in numbers), table, *self._told[-SHOWN_NEWS:])
        )

    def _states(self) -> Text:
        """Their names in the colour of their state, which is spelt out when it is not the usual one."""
        states = [(program.name, program.state) for program in self._programs]
        parts = [(name if state == "running" else f" {name} {state} ", COLOURS[state]) for name, state in states]
        return Text("  ", no_wrap=True).join(Text(*part) for part in parts)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The live part goes away; what was told of the processes stays on the screen."""
        self._live.__exit__(kind, error, trace)
        for line in self._told:
            self._console.print(line)


def _line(text: str, style: str) -> Text:
    """Cut where the terminal ends: a line that wraps would push others out of sight."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
