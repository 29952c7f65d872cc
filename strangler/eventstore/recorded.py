"""An event of a stream with where it stands, when it was recorded and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strangler.messaging import Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """`position` orders the events of all streams within their transactions, `version` those of one stream, from 1.

    `event` is of the newest version of its class, whatever was recorded. `correlation_id` names the conversation, as in
    the outbox; `causation_id` the message that was being handled, empty where it was none.
    """

    position: int
    category: str
    key: str
    version: int
    event: Event
    recorded_at: datetime
    correlation_id: str
    causation_id: str

    @property
    def stream(self) -> str:
        """For people and logs: `payment-S-1`."""
        return stream_name(self.category, self.key)

    def __str__(self) -> str:
        return f"{self.stream} v{self.version} {type(self.event).__name__}"


def stream_name(category: str, key: str) -> str:
    return f"{category}-{key}"
