"""Does RabbitMQ keep what no queue takes, and has anything come to that?"""

from __future__ import annotations

from collections.abc import Iterator

from strangler.errors import BrokerUnavailable, ConfigurationError
from strangler.relay.debezium.hosts import rabbit_of
from strangler.relay.doctor.finding import Finding, Severity

_RESEND = (
    "declare the group that wants them (`manage.py consume --declare --group NAME`), then `manage.py debezium resend`"
)


def findings(broker_url: str, exchange: str) -> Iterator[Finding]:
    from strangler.brokers.amqp.unroutable import Unroutable  # needs the optional package kombu

    try:
        rabbit_of(broker_url)  # refuses any other broker
        unroutable = Unroutable(broker_url, exchange)
        in_force, count = unroutable.in_force(), unroutable.count()
    except (BrokerUnavailable, ConfigurationError) as error:
        yield _finding(Severity.CRITICAL, str(error))
        return
    if not in_force:
        dropped = "Debezium Server does not ask whether a queue took an event, and RabbitMQ drops what none takes"
        yield _finding(Severity.WARNING, dropped, remedy=unroutable.policy)
    if count:
        found = f"{count} events found no queue; they are in {unroutable.name}"
        yield _finding(Severity.CRITICAL, found, remedy=_RESEND, figure=count)
    elif in_force:
        yield _finding(Severity.OK, "every event found a queue", figure=0)


def _finding(severity: Severity, what: str, *, remedy: str = "", figure: int | None = None) -> Finding:
    unit = "" if figure is None else "events"
    return Finding("unroutable", severity, what, figure=figure, unit=unit, remedy=remedy)
