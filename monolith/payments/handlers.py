"""What the payments service tells: answers to what it was asked, movements of money, and payments that it gives back.

The group's name is not the service's, which is "payments" on the same broker: each hears what both publish. Their own
events, which come back to them by that, are told apart by the source of the envelope.

Each call has a transaction of its own. It locks payments in order; two calls in one transaction would lock them in no
order at all, and a customer would be the one whose request fails.
"""

from collections.abc import Sequence
from typing import TypeVar

from monolith.notifications import services as notifications
from monolith.payments import copying, ownership, pursuing
from monolith.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentHandedOver,
    PaymentRefunded,
    PaymentRequestDeferred,
    PaymentRequestDone,
    PaymentRequestRedirected,
    PaymentRequestRefused,
    PaymentTold,
    PaymentVoided,
)
from strangler.conf import settings
from strangler.inbox import subscribe, subscribe_batch
from strangler.messaging import Envelope, Event, incoming_messages

GROUP = "payments-monolith"
E = TypeVar("E", bound=Event)


@subscribe(PaymentRequestDone, group=GROUP, alone=True)
def note_done(event: PaymentRequestDone) -> None:
    if foreign([event]):
        pursuing.note_done(event)


@subscribe(PaymentRequestRefused, group=GROUP, alone=True)
def note_refused(event: PaymentRequestRefused) -> None:
    if foreign([event]):
        pursuing.note_refused(event)


@subscribe(PaymentRequestDeferred, group=GROUP, alone=True)
def note_deferred(event: PaymentRequestDeferred) -> None:
    pursuing.note_deferred(event)


@subscribe(PaymentRequestRedirected, group=GROUP, alone=True)
def note_redirected(event: PaymentRequestRedirected) -> None:
    pursuing.note_redirected(event)


@subscribe_batch(PaymentHandedOver, group=GROUP, alone=True)
def take_over(events: Sequence[PaymentHandedOver]) -> None:
    if given := foreign(events):
        pursuing.wake(ownership.take_over(given))


@subscribe_batch(PaymentTold, group=GROUP, alone=True)
def copy_told(events: Sequence[PaymentTold]) -> None:
    copying.note_told(foreign(events))


@subscribe_batch(PaymentAuthorised, group=GROUP, alone=True)
def copy_authorised(events: Sequence[PaymentAuthorised]) -> None:
    copying.follow(foreign(events))


@subscribe_batch(PaymentVoided, group=GROUP, alone=True)
def copy_voided(events: Sequence[PaymentVoided]) -> None:
    copying.follow(foreign(events))


@subscribe_batch(PaymentCaptured, group=GROUP, alone=True)
def copy_captured(events: Sequence[PaymentCaptured]) -> None:
    _tell_the_customers(events, copying.follow(foreign(events)))


@subscribe_batch(PaymentRefunded, group=GROUP, alone=True)
def copy_refunded(events: Sequence[PaymentRefunded]) -> None:
    _tell_the_customers(events, copying.follow(foreign(events)))


def foreign(events: Sequence[E]) -> list[E]:
    """Those that others have published."""
    return [event for event, message in zip(events, incoming_messages(), strict=True) if not _is_own(message)]


def _tell_the_customers(
    events: Sequence[PaymentCaptured | PaymentRefunded], new: Sequence[PaymentCaptured | PaymentRefunded]
) -> None:
    """Of what the payments service did, unless it has left that to the service that writes e-mails."""
    told = {id(event) for event in new}
    for event, message in zip(events, incoming_messages(), strict=True):
        if id(event) in told:
            notifications.notify_of_message(event, order_number=event.order_number, message=message)


def _is_own(message: Envelope) -> bool:
    return message.source == f"{settings.source}/{message.event_type.partition('.')[0]}"
