from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Knobs:
    """How it behaves, until it is told otherwise.

    `delay`: seconds before anything is done. `answer_after`: seconds between what was done and the answer. `down`: 503
    for everybody, nothing is done. `hang_up`: what was asked is done, and the connection closed without an answer.
    `twice`: the answer comes two times. `decline`: no card is good.
    """

    delay: float = 0.0
    answer_after: float = 0.0
    down: bool = False
    hang_up: bool = False
    twice: bool = False
    decline: bool = False


class Panel:
    def __init__(self) -> None:
        self._knobs, self._lock = Knobs(), Lock()

    def now(self) -> Knobs:
        return self._knobs

    def turn(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Raises ValueError naming what is not a knob, or not a value of it."""
        kinds = {each.name: type(each.default) for each in fields(Knobs)}
        for name, value in changes.items():
            if name not in kinds:
                raise ValueError(f"{name!r} is not one of {', '.join(kinds)}")
            if not isinstance(value, bool if kinds[name] is bool else int | float) or value < 0:
                raise ValueError(f"{name}={value!r}: it takes {'true or false' if kinds[name] is bool else 'seconds'}")
        with self._lock:
            self._knobs = replace(self._knobs, **changes)
        return asdict(self._knobs)
