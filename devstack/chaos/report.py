"""The end: what was proved, under which faults."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from devstack.chaos.schedule import KINDS, Fault
from devstack.chaos.world import World
from devstack.shop.finding import Finding, show


class Report:
    def __init__(self, console: Console) -> None:
        self._console = console

    def all(self, findings: Sequence[Finding], exercised: Sequence[Fault], world: World) -> None:
        self._line("")
        show(findings, self._console)
        self._line("")
        counted = Counter(fault.kind for fault in exercised)
        self._line(f"  {len(exercised)} faults: {_told(counted)}")
        self._line(f"  a relay began to carry events: {_told(world.relays_at_work())}")
        if untouched := sorted(KINDS.keys() - counted.keys()):
            self._line(f"  not reached by this schedule in this time: {', '.join(untouched)}")
        for oddity in world.oddities:
            self._line(f"  {oddity}", "yellow")

    def _line(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)


def _told(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))
