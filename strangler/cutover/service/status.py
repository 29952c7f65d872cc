"""`GET status`: how far this service's consumer groups are, and which events they read."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from strangler.brokers import connect
from strangler.conf import settings
from strangler.cutover.service.access import for_the_monolith
from strangler.cutover.service.comparisons import comparisons_made
from strangler.cutover.service.report import GroupStatus, Reading, ServiceStatus
from strangler.errors import StranglerError
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging.upcasters import oldest_readable

RETRYING, DEAD, DISCARDED = ParkedMessage.Status.RETRYING, ParkedMessage.Status.DEAD, ParkedMessage.Status.DISCARDED


@for_the_monolith
@require_GET
def status(_: HttpRequest) -> HttpResponse:
    """503 with the reason where the broker cannot be asked."""
    try:
        return JsonResponse(service_status().model_dump(by_alias=True))
    except StranglerError as error:
        return JsonResponse({"error": str(error)}, status=503)


def service_status() -> ServiceStatus:
    """A query of the database, one question to the broker for each group, and what counting the comparisons takes.

    Raises `BrokerUnavailable`.
    """
    parked = _parked()
    groups = {
        group: GroupStatus(backlog=backlog, retrying=parked[group, RETRYING], dead=parked[group, DEAD])
        for group, backlog in _backlogs().items()
    }
    compared = {name: count() for name, count in comparisons_made.items()}
    return ServiceStatus(groups=groups, reads=_reads(), comparisons=compared)


def _parked() -> Counter[tuple[str, str]]:
    open_ = ParkedMessage.objects.exclude(status=DISCARDED)
    counts = open_.order_by().values_list("consumer_group", "status").annotate(Count("id"))
    return Counter({(group, state): count for group, state, count in counts})


def _backlogs() -> dict[str, int]:
    groups = subscriptions.groups()
    if not groups:
        return {}
    broker = connect(settings.broker_url, exchange=settings.exchange)
    return {group: broker.backlog(group, sorted(subscriptions.of_group(group))) for group in groups}


def _reads() -> list[Reading]:
    """Each class that a handler takes: two groups may read one event by classes of their own."""
    classes = dict.fromkeys(subscription.event_class for subscription in subscriptions)
    return [
        Reading(
            type=event.event_type,
            version=event.version,
            oldest=oldest_readable(event.event_type, event.version),
            json_schema=event.model_json_schema(mode="validation"),
        )
        for event in classes
    ]
