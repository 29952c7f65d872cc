"""What brokers route by: the event's type; where it is told again for one consumer group alone, the group as well.

A group binds both keys of each type it handles, so that no other group is troubled by what is told for it. A type has
two words, so neither key can be taken for the other.
"""

from __future__ import annotations


def backfill_suffix(group: str) -> str:
    return f".backfill.{group}"


def routing_key(event_type: str, *, backfill: str | None = None) -> str:
    """`backfill` is the consumer group that it is for; None: every one that handles the type."""
    return event_type + backfill_suffix(backfill) if backfill else event_type
