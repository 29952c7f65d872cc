"""Does anything still hang on what is to be deleted?"""

from __future__ import annotations

from django.apps import apps

from strangler.cutover import router
from strangler.cutover.gates.gate import Candidate, Verdict, gate, not_applicable
from strangler.cutover.severing.border import crossings

_SHOWN = 5


@gate("foreign keys")
def no_foreign_keys(candidate: Candidate) -> Verdict:
    """Of models and of the database: tables that a constraint leads into can't be dropped."""
    context = candidate.context
    if context not in apps.app_configs:
        return not_applicable(f"no app has the label {context}, so it has no tables here")
    inward = [each.source for each in crossings(context) if each.inward]
    more = f", and {len(inward) - _SHOWN} more" if len(inward) > _SHOWN else ""
    return Verdict(
        not inward,
        f"{len(inward)} lead into it{': ' if inward else ''}{', '.join(inward[:_SHOWN])}{more}",
        "0",
        f"sever them: `manage.py foreign_keys {context}` lists them, SeverForeignKey makes soft references of them",
    )


@gate("fallback")
def no_fallback(candidate: Candidate) -> Verdict:
    """At `retired` the monolith answers for nobody. Whoever still counts on it shall notice while it is there."""
    of_context = [each for each in router.capabilities if each.context == candidate.context]
    if not of_context:
        return not_applicable(f"no capability is declared for {candidate.context}")
    falling_back = [each.name for each in of_context if each.falls_back]
    return Verdict(
        not falling_back,
        f"{len(falling_back)} of {len(of_context)} capabilities still fall back to the monolith",
        "0",
        f"take fallback= out of {', '.join(falling_back)}, and stay at extracted until nobody misses it",
    )
