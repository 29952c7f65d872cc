"""Do events get there, and is each of them handled?"""

from __future__ import annotations

from datetime import timedelta

from django.db import router

from strangler.conf import settings
from strangler.cutover.gates.gate import Candidate, Verdict, gate
from strangler.errors import ConfigurationError
from strangler.outbox.health import outbox_health
from strangler.outbox.models import OutboxMessage


@gate("relay lag")
def relay_lag(candidate: Candidate) -> Verdict:
    """How long the oldest event waits in the outbox; one that the broker refused holds back its key."""
    if settings.relay == "none" or not settings.broker_url:
        raise ConfigurationError('nothing leaves the outbox: set STRANGLER["BROKER_URL"], and STRANGLER["RELAY"]')
    health = outbox_health(router.db_for_write(OutboxMessage))
    waited, most = (health.oldest or timedelta()).total_seconds(), candidate.bounds.max_relay_lag
    return Verdict(
        waited <= most and not health.refused,
        f"the oldest of {health.pending} in the outbox waits for {max(waited, 0):.0f} s, {health.refused} refused",
        f"at most {most:g} s, 0 refused",
        "see to it that `manage.py relay` runs; `manage.py outbox_check` and the admin's outbox say what is wrong",
    )


@gate("consumer lag")
def consumer_lag(candidate: Candidate) -> Verdict:
    """Messages that the slowest group has before it, with those that it will try again."""
    groups = candidate.groups
    if not groups:
        raise ConfigurationError(f"the service of {candidate.context} has no handler, so no consumer group")
    waiting = {name: group.backlog + group.retrying for name, group in groups.items()}
    slowest = max(waiting, key=lambda name: waiting[name])
    return Verdict(
        waiting[slowest] <= candidate.bounds.max_consumer_backlog,
        f"waiting for group {slowest}: {waiting[slowest]}, {groups[slowest].retrying} of them for another attempt",
        f"at most {candidate.bounds.max_consumer_backlog} messages",
        f"see to it that `consume --group {slowest}` runs in the service, and give it time",
    )


@gate("dead letters")
def dead_letters(candidate: Candidate) -> Verdict:
    """What was given up, and all that waits behind it, is missing from the service's data."""
    dead = {name: group.dead for name, group in candidate.groups.items() if group.dead}
    return Verdict(
        not dead,
        ", ".join(f"{count} open in group {name}" for name, count in dead.items()) or "0 open",
        "0 open",
        "mend their cause, then redrive or discard them in the service: its admin, or `redrive --all`",
    )
