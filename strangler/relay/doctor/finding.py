"""One thing the doctor has looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

_UNITS = ("B", "KiB", "MiB", "GiB")


class Severity(StrEnum):
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Finding:
    """`topic` is stable, for machines; `figure` is its number where it has one, in `unit`; `remedy` is what to do.

    `recoverable`: events may have been skipped, and `--recover` brings them.
    """

    topic: str
    severity: Severity
    what: str
    figure: float | None = None
    unit: str = ""
    remedy: str = ""
    recoverable: bool = False

    def line(self) -> str:
        text = f"{self.severity.value:<9}{self.what}"
        return f"{text}\n{'':9}-> {self.remedy}" if self.remedy else text

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def size(count: float) -> str:
    """`12.3 MiB`."""
    unit = 0
    while abs(count) >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.1f} {_UNITS[unit]}"
