"""One step of one context: what its gates say, and the row that records it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connections, router, transaction

from strangler.conf import StageSetting, StagesInForce, settings
from strangler.cutover.gates import Verdict
from strangler.cutover.gates.table import examine
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import database_stages, read_overrides
from strangler.cutover.steps import is_forward
from strangler.errors import StageMoveRefused

# Whoever decides waits for who is deciding: the latest row is the one that was written last.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('strangler.stage', 0))"


@dataclass(frozen=True, slots=True)
class Move:
    """`verdicts` is empty where there is nothing to pass: the way back is free."""

    context: str
    before: StageSetting
    after: StageSetting
    verdicts: Sequence[Verdict] = ()

    @property
    def failing(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.fails]

    @property
    def refusal(self) -> str:
        fail = "fails" if len(self.failing) == 1 else "fail"
        figures = "; ".join(map(str, self.failing))
        return (
            f"{self.context} stays {self.before}: {len(self.failing)} of {len(self.verdicts)} gates {fail}: {figures}"
        )


class Present(NamedTuple):
    """The stages as they are at this moment; `overridden` are the contexts whose stage the database says."""

    stages: StagesInForce
    overridden: frozenset[str]


def present() -> Present:
    """Whatever this process remembers. Raises django.db.Error."""
    overrides = read_overrides().by_context if settings.stage_source == "database" else {}
    return Present(StagesInForce({**settings.stages, **overrides}), frozenset(overrides))


def plan(context: str, before: StageSetting, after: StageSetting) -> Move:
    """Asks the gates, where the step is one forward. Raises `StageMoveRefused` for a step that nobody may take."""
    return Move(context, before, after, examine(context, after.stage) if is_forward(context, before, after) else ())


def record(move: Move, *, by: str, reason: str, force: bool = False) -> StageChange:
    """With `STAGE_SOURCE` `"database"` this is the step itself, with `"settings"` it is a note of it.

    Raises `StageMoveRefused` where a gate fails and `force` is not given, and where somebody else was faster.
    """
    if move.failing and not force:
        raise StageMoveRefused(move.refusal)
    using = router.db_for_write(StageChange)
    with transaction.atomic(using=using, durable=True):
        with connections[using].cursor() as cursor:
            cursor.execute(_ONE_AT_A_TIME)
        now = present().stages.of(move.context)
        if now != move.before:
            raise StageMoveRefused(f"{move.context} has become {now} meanwhile, it was {move.before}: look again")
        change = StageChange.objects.using(using).create(
            context=move.context,
            from_stage=move.before.stage,
            from_percent=move.before.percent,
            to_stage=move.after.stage,
            to_percent=move.after.percent,
            source=settings.stage_source,
            decided_by=by,
            reason=reason,
            forced=bool(move.failing),
            gates=[verdict.as_json() for verdict in move.verdicts],
        )
    database_stages.forget()
    return change
