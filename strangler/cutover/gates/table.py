"""Which gates stand before which stage."""

from __future__ import annotations

from strangler.conf import Stage
from strangler.cutover.gates.data import backfill_complete, capabilities_complete, parity_clean, shadow_clean
from strangler.cutover.gates.flow import consumer_lag, dead_letters, relay_lag
from strangler.cutover.gates.gate import Candidate, Gate, Verdict, own_gates
from strangler.cutover.gates.schemas import schemas_compatible
from strangler.cutover.gates.ties import no_fallback, no_foreign_keys

_UP_TO_DATE = (relay_lag, schemas_compatible, consumer_lag, dead_letters)

GATES: dict[Stage, tuple[Gate, ...]] = {
    Stage.EMITTING: (relay_lag,),
    Stage.SHADOW: (*_UP_TO_DATE, backfill_complete),
    Stage.CANARY: (*_UP_TO_DATE, backfill_complete, capabilities_complete, parity_clean, shadow_clean),
    Stage.EXTRACTED: (*_UP_TO_DATE, backfill_complete, capabilities_complete, parity_clean),
    Stage.RETIRED: (*_UP_TO_DATE, capabilities_complete, no_fallback, no_foreign_keys),
}
"""By the stage to be entered; a canary that grows passes those of `canary` again."""


def examine(context: str, stage: Stage) -> list[Verdict]:
    """All of them, also where one fails: a person mends them in one go."""
    candidate = Candidate(context)
    own = [each.ask for each in own_gates if each.context == context and stage in each.before]
    return [ask(candidate) for ask in (*GATES[stage], *own)]
