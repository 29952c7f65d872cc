"""Has a generation caught up? By the broker's word, by what it could not handle, and by what another one knows."""

from collections.abc import Sequence

from extracted.reporting import verifying
from extracted.reporting.handlers import GROUP
from extracted.reporting.models import Generation
from strangler.brokers import connect
from strangler.conf import settings
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging.routing import routing_key


def faults(chosen: Generation, *, than: int) -> list[str]:
    found = [f"lacks {each}" for each in verifying.lacking(chosen.number, than=than)]
    return [*_of_the_moment(chosen), *found]


def still(before: Sequence[str], chosen: Generation, *, than: int) -> list[str]:
    """What of it is a fault still. While the shop sells there is always something on its way: that is none."""
    missing = set(before)
    now = faults(chosen, than=than)
    return [fault for fault in now if fault in missing or not fault.startswith("lacks ")]


def waiting(chosen: Generation) -> int:
    """Messages that wait for it at the broker; those in the hands of its consumer are not among them."""
    broker = connect(settings.broker_url, exchange=settings.exchange)
    types = subscriptions.of_group(GROUP)
    keys = [*types, *(routing_key(event_type, backfill=chosen.group) for event_type in types)]
    return broker.backlog(chosen.group, sorted(keys))


def _of_the_moment(chosen: Generation) -> list[str]:
    found = []
    if count := waiting(chosen):
        found.append(f"{count} messages wait for it")
    parked = ParkedMessage.objects.filter(consumer_group=chosen.group)
    if count := parked.exclude(status=ParkedMessage.Status.DISCARDED).count():
        found.append(f"{count} messages could not be handled (admin, Dead letters)")
    return found
