"""What a verdict consists of."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing that must hold, and what is wrong with it; nothing is wrong when `faults` is empty."""

    claim: str
    faults: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.faults

    def shown(self) -> list[str]:
        more = len(self.faults) - SHOWN
        return [*self.faults[:SHOWN], *([f"and {more} more"] if more > 0 else [])]


def show(findings: Sequence[Finding], console: Console) -> None:
    for finding in findings:
        style, mark = ("green", "✓") if finding.holds else ("bold red", "✗")
        console.print(f"{mark} {finding.claim}", style=style, highlight=False, markup=False, soft_wrap=True)
        for fault in finding.shown():
            console.print(f"    {fault}", style="red", highlight=False, markup=False, soft_wrap=True)
