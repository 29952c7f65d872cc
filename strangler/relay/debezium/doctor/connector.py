"""What Kafka Connect says of the connector."""

from __future__ import annotations

from collections.abc import Iterator

from strangler.conf import DebeziumSettings
from strangler.errors import RelayError
from strangler.relay.debezium.doctor.finding import Finding, Severity

RUNNING = "RUNNING"


def findings(debezium: DebeziumSettings) -> Iterator[Finding]:
    from strangler.relay.debezium.rest import Connect  # needs the optional package httpx

    try:
        states = Connect(debezium).states()
    except RelayError as error:
        yield Finding("connector", Severity.CRITICAL, str(error))
        return
    for each in states:
        what = f"{each.what} of {debezium.connector} is {each.state}" + (f": {each.reason}" if each.reason else "")
        if each.state == RUNNING:
            yield Finding("connector", Severity.OK, what)
        else:
            yield Finding("connector", Severity.CRITICAL, what, remedy="manage.py debezium restart")
    if len(states) == 1:
        yield Finding(
            "connector", Severity.CRITICAL, f"{debezium.connector} has no task", remedy="manage.py debezium resume"
        )
