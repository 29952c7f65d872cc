"""Events that come in, translated into this service's use cases.

What this service published itself comes back to it, and is left alone; whose a payment is says its row, and no stamp on
the message. The group `fraud` looks at the payments of both owners, and at nothing that is told again.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from extracted.payments import copies, fraud, moving, requests
from extracted.payments.copies import Heard
from extracted.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentHandedOver,
    PaymentRecalled,
    PaymentRefunded,
    PaymentRequested,
    PaymentTold,
    PaymentVoided,
)
from strangler.conf import Stage, settings
from strangler.cutover.stages import stamped_stage
from strangler.inbox import subscribe, subscribe_batch
from strangler.messaging import Envelope, Event, incoming_messages

CONTEXT = GROUP = "payments"
FRAUD = "fraud"

E = TypeVar("E", bound=Event)


@subscribe_batch(PaymentAuthorised, group=GROUP)
def follow_authorised(events: Sequence[PaymentAuthorised]) -> None:
    _follow(events)


@subscribe_batch(PaymentCaptured, group=GROUP)
def follow_captured(events: Sequence[PaymentCaptured]) -> None:
    _follow(events)


@subscribe_batch(PaymentVoided, group=GROUP)
def follow_voided(events: Sequence[PaymentVoided]) -> None:
    _follow(events)


@subscribe_batch(PaymentRefunded, group=GROUP)
def follow_refunded(events: Sequence[PaymentRefunded]) -> None:
    _follow(events)


@subscribe_batch(PaymentTold, group=GROUP)
def put_what_is_told(events: Sequence[PaymentTold]) -> None:
    if told := [event for event, _ in _of_others(events)]:
        copies.put(told)


@subscribe_batch(PaymentHandedOver, group=GROUP)
def take_over(events: Sequence[PaymentHandedOver]) -> None:
    if given := [event for event, _ in _of_others(events)]:
        moving.take_over(given)


@subscribe_batch(PaymentRecalled, group=GROUP)
def hand_back(events: Sequence[PaymentRecalled]) -> None:
    moving.hand_back([event for event, _ in _of_others(events)])


@subscribe(PaymentRequested, group=GROUP)
def ask(event: PaymentRequested) -> None:
    """One at a time: each has a conversation, and a call of the gateway, of its own."""
    (message,) = incoming_messages()
    requests.ask(event, message)


@subscribe_batch(PaymentAuthorised, group=FRAUD, alone=True)
def look_at(events: Sequence[PaymentAuthorised]) -> None:
    new = [event for event, message in zip(events, incoming_messages(), strict=True) if message.backfill is None]
    if new:
        fraud.look_at(new)


def _follow(events: Sequence[PaymentEvent]) -> None:
    """A fact that is told again adds nothing to what `payment_told` tells."""
    told = [(event, message) for event, message in _of_others(events) if message.backfill is None]
    if told:
        copies.follow([Heard(event, _is_beside(message)) for event, message in told])


def _is_beside(message: Envelope) -> bool:
    """Before `shadow` the copy lacks what no backfill has told yet, and a comparison would be of no worth."""
    return stamped_stage(message, CONTEXT).stage not in {Stage.MONOLITH, Stage.EMITTING}


def _of_others(events: Sequence[E]) -> Iterator[tuple[E, Envelope]]:
    for event, message in zip(events, incoming_messages(), strict=True):
        if message.source != f"{settings.source}/{event.owner}":
            yield event, message
