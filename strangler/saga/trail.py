"""How far an instance has come: the steps it has begun, in that order, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """`tried`: `run` failed in a way that leaves open whether anything happened. `asked`: no answer yet."""

    TRIED = "tried"
    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    UNDONE = "undone"


_MAY_HAVE_HAPPENED = {State.TRIED, State.ASKED, State.DONE}


@dataclass(slots=True)
class Begun:
    """`runs` is how often `run` may have done something, `undos` how often `undo` took it back."""

    step: str
    state: State
    runs: int = 0
    undos: int = 0


class Trail:
    """Written down with the instance: what is undone is what was done, whatever the code says by then."""

    def __init__(self, told: Sequence[dict[str, Any]]) -> None:
        self._begun = [Begun(**{**entry, "state": State(entry["state"])}) for entry in told]

    def of(self, step: str) -> Begun | None:
        return next((begun for begun in self._begun if begun.step == step), None)

    def ran(self, step: str, state: State) -> None:
        """`run` was called."""
        self.mark(step, state).runs += 1

    def mark(self, step: str, state: State) -> Begun:
        begun = self.of(step)
        if begun is None:
            begun = Begun(step, state)
            self._begun.append(begun)
        begun.state = state
        return begun

    def last_to_undo(self) -> Begun | None:
        return next((begun for begun in reversed(self._begun) if begun.state in _MAY_HAVE_HAPPENED), None)

    def told(self) -> list[dict[str, Any]]:
        return [asdict(begun) for begun in self._begun]
