"""The stream of each payment, by its order's number: what happened is what is true, everything else is derived."""

from extracted.payments.domain.events import STREAM_EVENTS
from extracted.payments.domain.state import PaymentState, evolve
from strangler.eventstore import EventStream

payments = EventStream("payment", state=PaymentState, evolve=evolve, events=STREAM_EVENTS)
