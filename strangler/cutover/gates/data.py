"""Does the service have what the monolith has, and does it answer alike?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from strangler.cutover import evidence, router
from strangler.cutover.gates.gate import Candidate, Verdict, gate, not_applicable
from strangler.cutover.router import Capability
from strangler.errors import ConfigurationError


@gate("backfill")
def backfill_complete(candidate: Candidate) -> Verdict:
    """Each group has been told all that happened before it began to listen."""
    context, service = candidate.context, candidate.service
    if not service.backfills:
        return not_applicable(f'STRANGLER["SERVICES"]["{context}"]["BACKFILLS"] names none')
    if not service.groups:
        raise ConfigurationError(f'STRANGLER["SERVICES"]["{context}"]["GROUPS"] is empty: who is to be told?')
    wanted = [(group, name) for group in service.groups for name in service.backfills]
    found = {(group, name): evidence.backfilled(group, name) for group, name in wanted}
    unfinished = {pair: state for pair, state in found.items() if not state.complete}
    return Verdict(
        not unfinished,
        "; ".join(f"{name} for group {group}: {_how_far(state)}" for (group, name), state in unfinished.items())
        or f"{len(found)} of {len(found)} complete",
        f"{len(found)} complete",
        "; ".join(f"manage.py backfill {group} {name}" for group, name in unfinished),
    )


def _how_far(state: evidence.Backfilled) -> str:
    if state.expected is None:
        return "not begun"
    return "told by an older version" if state.is_old else f"{state.done:,} of {state.expected:,} rows"


@gate("parity")
def parity_clean(candidate: Candidate) -> Verdict:
    """The latest comparison of each table found every row alike, and is not too old to mean anything."""
    context, bounds = candidate.context, candidate.bounds
    found = evidence.compared(context)
    if not found:
        return not_applicable(f"no @parity is declared for {context}")
    rows, differences = sum(each.rows for each in found), sum(each.differences for each in found)
    ages = [each.age for each in found if each.age is not None]
    oldest = max(ages, default=timedelta()).total_seconds()
    unknown = [*_named("never compared", [each for each in found if each.age is None])]
    unknown += _named("cut short", [each for each in found if not each.complete])
    return Verdict(
        not unknown and differences == 0 and rows >= bounds.min_parity_rows and oldest <= bounds.max_parity_age,
        "; ".join(unknown) or f"{differences:,} of {rows:,} rows differ{_ago(oldest)}",
        f"0 of at least {bounds.min_parity_rows:,}, at most {_hours(bounds.max_parity_age)} ago",
        f"manage.py parity {context}{' --repair' if differences else ''}",
    )


def _named(what: str, found: Sequence[evidence.Compared]) -> list[str]:
    return [f"{what}: {', '.join(each.name for each in found)}"] if found else []


@gate("capabilities")
def capabilities_complete(candidate: Candidate) -> Verdict:
    """From `canary` on the service is asked, so it needs somebody to answer."""
    of_context = _capabilities(candidate)
    if not of_context:
        return not_applicable(f"none is declared for {candidate.context}")
    half = [each for each in of_context if not each.is_complete]
    return Verdict(
        not half,
        f"{len(of_context) - len(half)} of {len(of_context)} have both sides",
        f"{len(of_context)} of {len(of_context)}",
        "; ".join(f"decorate the service's side of {each.name} with @{each.__name__}.extracted" for each in half),
    )


@gate("shadow")
def shadow_clean(candidate: Candidate) -> Verdict:
    """Of each capability that is compared, and of what the service compares, enough agreed since the last mismatch."""
    runs, least = _clean_runs(candidate), candidate.bounds.min_shadow_comparisons
    if not runs:
        return not_applicable(f"no capability of {candidate.context} declares shadow=")
    fewest = min(runs, key=lambda name: runs[name])
    return Verdict(
        runs[fewest] >= least,
        f"{runs[fewest]:,} comparisons of {fewest} since its last mismatch",
        f"at least {least:,}",
        f"leave {candidate.context} at shadow with traffic on; what differed is in the admin, under Shadow causes, or "
        "in the service's",
    )


def _clean_runs(candidate: Candidate) -> dict[str, int]:
    """Those that the service makes are asked for where it is known where to ask."""
    runs = dict(evidence.clean_runs([each.name for each in _capabilities(candidate) if each.is_compared]))
    if candidate.service.url:
        runs |= {name: compared.clean_run for name, compared in candidate.status.comparisons.items()}
    return runs


def _capabilities(candidate: Candidate) -> list[Capability[..., object]]:
    return [each for each in router.capabilities if each.context == candidate.context]


def _ago(seconds: float) -> str:
    return f", as of {seconds:.0f} s ago" if seconds < 7_200 else f", as of {_hours(seconds)} ago"


def _hours(seconds: float) -> str:
    return f"{seconds / 3_600:,.1f} h".replace(".0 h", " h")
