"""Looks at everything in the order in which one thing hides the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.conf import CdcSettings
from strangler.relay.doctor import connector, others, outbox, publication, slot, unroutable
from strangler.relay.doctor.finding import Finding, Severity
from strangler.relay.log import preconditions
from strangler.relay.log.source import SETTING, Source


@dataclass(frozen=True)
class Patient:
    """`relay`, `broker_url` and `exchange` are those of `STRANGLER`.

    `probe_seconds` bounds how long the slot may take to pass a mark in the log.
    """

    connection: BaseDatabaseWrapper
    cdc: CdcSettings
    source: Source
    relay: str
    broker_url: str = ""
    exchange: str = ""
    probe_seconds: float = 15.0


def examine(patient: Patient) -> Iterator[Finding]:
    """Reads only, but for one empty message in the log. Raises `ConfigurationError` where there is no outbox."""
    schema = preconditions.outbox_schema(patient.connection)
    try:
        with patient.source.connect() as log:
            yield from slot.findings(log, patient.cdc, relay=patient.relay, probe_seconds=patient.probe_seconds)
            yield from publication.findings(
                log, patient.cdc.publication, schema, lasting_slot=patient.relay in {"server", "connect"}
            )
            yield from others.findings(log, patient.cdc.slot)
    except psycopg.OperationalError as error:
        remedy = f"correct {SETTING}, or run `manage.py cdc_setup`"
        reason = str(error).strip().partition("\n")[0]
        yield Finding("log", Severity.CRITICAL, f"the log's role cannot log in: {reason}", remedy=remedy)
    yield from outbox.findings(patient.connection)
    if patient.relay == "server":
        yield from unroutable.findings(patient.broker_url, patient.exchange)
    if patient.relay == "connect":
        yield from connector.findings(patient.cdc)
