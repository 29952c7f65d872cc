"""The end: what was proved, under which faults, and what this machine could not exercise."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from devstack.chaos.run import Done
from devstack.chaos.schedule import KINDS
from devstack.shop.finding import Finding, show


class Report:
    def __init__(self, console: Console) -> None:
        self._console = console

    def all(self, findings: Sequence[Finding], done: Done, oddities: Sequence[str]) -> None:
        self._line("")
        show(findings, self._console)
        self._line("")
        counted = Counter(fault.partition(" ")[0] for fault in done.exercised)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))
        self._line(f"  {len(done.exercised)} faults: {told}")
        if untouched := sorted(KINDS.keys() - counted.keys()):
            self._line(f"  not reached by this schedule in this time: {', '.join(untouched)}")
        for fault, reason in done.not_exercised.items():
            self._line(f"  NOT EXERCISED: {fault}: {reason}", "bold red")
        for oddity in oddities:
            self._line(f"  {oddity}", "yellow")

    def _line(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)
