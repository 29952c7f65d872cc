from dataclasses import dataclass
from uuid import UUID

from extracted.payments.domain.state import PaymentState
from strangler.messaging import Event


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a stream, the state after it, and the request on whose behalf it happened, if any."""

    event: Event
    state: PaymentState
    request: UUID | None
