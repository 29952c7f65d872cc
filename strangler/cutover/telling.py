"""Stages, gates and history as lines of text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from strangler.conf import Stage, StageSetting, settings
from strangler.cutover.gates import Verdict
from strangler.cutover.models import StageChange
from strangler.cutover.moving import Move, Present
from strangler.cutover.steps import stage_after

HEAD = ("context", "stage", "said by", "next")
_STATES = {True: "ok", False: "FAILS", None: "-"}


def gate_lines(verdicts: Iterable[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        yield f"  {_STATES[verdict.passed]:<5}  {verdict}"
        if verdict.remedy:
            yield f"{'':9}-> {verdict.remedy}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Left-aligned, two spaces between columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def row(context: str, now: Present) -> tuple[str, ...]:
    setting = now.stages.of(context)
    return context, str(setting), _said_by(context, now), stage_after(setting) or "-"


def _said_by(context: str, now: Present) -> str:
    """Which of the three wins."""
    if context in now.overridden:
        return "database"
    if f"STAGE_{context.upper()}" in os.environ:
        return "environment"
    return "settings" if context in settings.stages else "-"


def outcome_lines(move: Move) -> Iterator[str]:
    """What follows from a recorded step."""
    if settings.stage_source == "database":
        yield f"{move.context} is {move.after}, in every process of the monolith within {settings.stage_max_age:g} s"
    else:
        yield f'{move.context} may become {move.after}. STRANGLER["STAGE_SOURCE"] is "settings", so set one of these,'
        yield "for every process of the monolith:"
        yield f"  STAGE_{move.context.upper()}={move.after}"
        yield f'  STRANGLER = {{"STAGES": {{"{move.context}": "{move.after}"}}}}'
    if move.after == StageSetting(stage=Stage.CANARY, percent=100):
        yield f"the service still serves every key: `manage.py stage {move.context} shadow` takes them home"


def history_lines(changes: Iterable[StageChange]) -> Iterator[str]:
    for change in changes:
        at = change.decided_at.isoformat(sep=" ", timespec="seconds")
        marks = f"{change.source}, forced" if change.forced else change.source
        reason = f": {change.reason}" if change.reason else ""
        yield f"{at}  {change}  by {change.decided_by} ({marks}){reason}"
        yield from (f"    {verdict}" for verdict in (Verdict(**gate) for gate in change.gates) if verdict.fails)
