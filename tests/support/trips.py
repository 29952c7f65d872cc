"""What the sample saga may leave behind, whatever has happened to it on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import pairwise

STEPS = ("note", "hotel", "ticket", "flight")
ENDS = {"completed", "compensated"}


def expect_a_sound_end(status: str, effects: Sequence[str], history: Collection[tuple[str, str]]) -> None:
    """`effects` in the order in which they were committed; `history` as pairs of what and step."""
    assert status in ENDS
    counts = Counter(effects)
    if status == "completed":
        _expect_everything_once(counts)
        return
    assert (counts["call off"], counts["run confirmation"]) == (1, 0)
    for step in STEPS:
        _expect_undone(step, effects, refused=("refused", step) in history)
    if not any(what == "late" for what, _ in history):
        _expect_the_reverse(effects)


def _expect_everything_once(counts: Counter[str]) -> None:
    """But for questions, which may be asked again."""
    once = ("run note", "done hotel", "run ticket", "done flight", "run confirmation")
    assert [counts[effect] for effect in once] == [1] * len(once)
    assert not any(effect.startswith("undo") for effect in counts)


def _expect_undone(step: str, effects: Sequence[str], *, refused: bool) -> None:
    runs = [place for place, effect in enumerate(effects) if effect == f"run {step}"]
    if runs and not refused:
        assert f"undo {step}" in effects[runs[-1] :], f"{step} was done and never undone"


def _expect_the_reverse(effects: Sequence[str]) -> None:
    undone = [effect for effect in effects if effect.startswith("undo")]
    places = [STEPS.index(effect.removeprefix("undo ")) for effect in undone]
    assert all(later < earlier for earlier, later in pairwise(places)), f"undone in this order: {undone}"
