"""What Kafka Connect says of the connector."""

from __future__ import annotations

from collections.abc import Iterator

from strangler.conf import CdcSettings
from strangler.errors import RelayError
from strangler.relay.debezium.rest import Connect
from strangler.relay.doctor.finding import Finding, Severity

RUNNING = "RUNNING"


def findings(cdc: CdcSettings) -> Iterator[Finding]:
    try:
        states = Connect(cdc).states()
    except RelayError as error:
        yield Finding("connector", Severity.CRITICAL, str(error))
        return
    for each in states:
        what = f"{each.what} of {cdc.connector} is {each.state}" + (f": {each.reason}" if each.reason else "")
        if each.state == RUNNING:
            yield Finding("connector", Severity.OK, what)
        else:
            yield Finding("connector", Severity.CRITICAL, what, remedy="manage.py debezium restart")
    if len(states) == 1:
        yield Finding(
            "connector", Severity.CRITICAL, f"{cdc.connector} has no task", remedy="manage.py debezium resume"
        )
