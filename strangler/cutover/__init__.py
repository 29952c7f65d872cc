"""Extraction stages: a bounded context leaves the monolith one step at a time, and back."""

from strangler.conf import Stage
from strangler.cutover.backfilling import backfill
from strangler.cutover.fallback import Fallback
from strangler.cutover.gates import Verdict, own_gate
from strangler.cutover.gone import code_is_gone
from strangler.cutover.parity import parity, parity_copy
from strangler.cutover.router import capability
from strangler.cutover.severing import AddColumn, AllowNull, DropColumn, FillColumn, SeverForeignKey
from strangler.cutover.shadow import Rules, Shadow
from strangler.cutover.stages import monolith_serves, service_serves, stage_of

__all__ = [
    "AddColumn",
    "AllowNull",
    "DropColumn",
    "Fallback",
    "FillColumn",
    "Rules",
    "SeverForeignKey",
    "Shadow",
    "Stage",
    "Verdict",
    "backfill",
    "capability",
    "code_is_gone",
    "monolith_serves",
    "own_gate",
    "parity",
    "parity_copy",
    "service_serves",
    "stage_of",
]
