"""`manage.py relay`: carry committed events from the outbox to the broker, or write down what Debezium has carried."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db import router

from strangler.apps import is_owned
from strangler.brokers import connect
from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.messaging.registry import registry
from strangler.outbox.models import OutboxMessage
from strangler.relay.debezium import hosts
from strangler.relay.log.slot import drop_leftover
from strangler.relay.polling import PollingRelay
from strangler.stopping import stop_on_signals

if TYPE_CHECKING:
    from strangler.relay.debezium.settler import Settler
    from strangler.relay.log.reading import Log
    from strangler.relay.log.relay import LogRelay


class Command(KitCommand):
    help = (
        'Carry events from the outbox to the broker until SIGTERM or SIGINT; STRANGLER["RELAY"] says how. Where that '
        'is "server" or "connect", Debezium carries them, and this writes down in the outbox what it has carried.'
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with stop_on_signals() as stop:
            _relay(stop).run()


def _relay(stop: Event) -> PollingRelay | LogRelay | Settler:
    if settings.relay == "none":
        takes = '"polling", "stream", "debezium", "server" or "connect"'
        raise CommandError(f'STRANGLER["RELAY"] is "none": set it to {takes}')
    broker = connect(settings.broker_url, exchange=settings.exchange)
    using = router.db_for_write(OutboxMessage)
    common: dict[str, Any] = {
        "using": using,
        "stop": stop,
        "batch_size": settings.relay_batch_size,
        "poll_interval": settings.relay_poll_interval,
        "backoff_max": settings.relay_backoff_max,
    }
    if settings.relay == "polling":
        return PollingRelay(broker, **common, at_start=lambda: drop_leftover(settings.cdc, using=using))
    if settings.relay in {"server", "connect"}:
        from strangler.relay.debezium.settler import Settler

        at_start = _keep_unroutable if settings.relay == "server" else lambda: None
        return Settler(broker, **common, cdc=settings.cdc, host=settings.relay, at_start=at_start)
    from strangler.relay.log.relay import LogRelay

    return LogRelay(_log(settings.relay), broker, **common, cdc=settings.cdc)


def _log(relay: str) -> Log:
    if relay == "stream":
        from strangler.relay.stream.log import StreamedLog

        return StreamedLog(settings.cdc, batch_size=settings.relay_batch_size)
    from strangler.relay.debezium.log import DebeziumLog  # needs the optional Java packages

    return DebeziumLog(settings.cdc, batch_size=settings.relay_batch_size)


def _keep_unroutable() -> None:
    hosts.rabbit_of(settings.broker_url)  # refuses any other broker
    from strangler.brokers.amqp.unroutable import Unroutable  # needs the optional package kombu

    owners = {event.owner for event in registry if is_owned(event)}
    Unroutable(settings.broker_url, settings.exchange).declare(owners)
