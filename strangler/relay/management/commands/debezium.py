"""`manage.py debezium`: Debezium in a host of its own: what it is told, how it is, and what to do about it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import connections, router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outbox.models import OutboxMessage
from strangler.relay.debezium import doctor, hosts, preconditions
from strangler.relay.debezium.config import Properties, embedded
from strangler.relay.debezium.handover import carrier_of_settings
from strangler.relay.debezium.rendering import connector_json, properties_text
from strangler.relay.debezium.source import source_of

HOSTS = ("embedded", "server", "connect")
_SENT = {"pause": "pausing", "resume": "resuming", "restart": "restarting"}


class Command(KitCommand):
    help = "Configure, start and examine Debezium outside this process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        config = actions.add_parser("config", help="print what a host of Debezium is told, without passwords")
        config.add_argument("--host", choices=HOSTS, required=True)
        actions.add_parser("apply", help="create the connector in Kafka Connect, or change its configuration")
        actions.add_parser("status", help="the connector's state and its tasks'; exits 1 unless all are RUNNING")
        actions.add_parser("pause", help="hold the connector up; events wait in the log")
        actions.add_parser("resume", help="the end of a pause")
        actions.add_parser("restart", help="restart the connector and its tasks, failed or not")
        actions.add_parser("resend", help="publish again what Debezium Server found no queue for in RabbitMQ")
        examine = actions.add_parser("doctor", help="find what is wrong with the log; exits 1 when it is critical")
        examine.add_argument("--json", action="store_true", help="for machines: a list of findings")
        examine.add_argument(
            "--recover",
            action="store_true",
            help="make a lost or missing slot anew and carry from the outbox what it may have skipped",
        )

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "config":
            self.stdout.write(_rendered(options["host"]), ending="")
        elif action == "doctor":
            self._doctor(as_json=options["json"], recover=options["recover"])
        elif action == "resend":
            self._resend()
        else:
            self._connector(action)

    def _connector(self, action: str) -> None:
        from strangler.relay.debezium.rest import Connect  # needs the optional package httpx

        connector = Connect(settings.debezium)
        if action == "apply":
            self._apply(connector)
        elif action == "status":
            self._status(connector)
        else:
            getattr(connector, action)()
            self.stdout.write(f"connector {settings.debezium.connector}: {_SENT[action]}")

    def _apply(self, connector: Any) -> None:
        source = source_of(settings.debezium)
        preconditions.require(_connection(), settings.debezium, source)
        preconditions.require_slot(settings.debezium, source)
        created = connector.apply(_properties("connect"))
        done = "created" if created else "its configuration is up to date"
        self.stdout.write(f"connector {settings.debezium.connector}: {done}")

    def _status(self, connector: Any) -> None:
        states = connector.states()
        for each in states:
            self.stdout.write(f"{each.what}: {each.state}" + (f": {each.reason}" if each.reason else ""))
        if len(states) < 2 or any(each.state != "RUNNING" for each in states):
            raise CommandError(f"connector {settings.debezium.connector} does not run", returncode=1)

    def _resend(self) -> None:
        hosts.rabbit_of(settings.broker_url)  # refuses any other broker
        from strangler.brokers.amqp.unroutable import Unroutable  # needs the optional package kombu

        unroutable = Unroutable(settings.broker_url, settings.exchange)
        found, left = unroutable.send_again(), unroutable.count()
        self.stdout.write(f"{found} events found a queue, {left} are still in {unroutable.name}")

    def _doctor(self, *, as_json: bool, recover: bool) -> None:
        patient = doctor.Patient(
            _connection(),
            settings.debezium,
            source_of(settings.debezium),
            settings.relay,
            settings.broker_url,
            settings.exchange,
        )
        found = list(doctor.examine(patient))
        if as_json:
            self.stdout.write(json.dumps([finding.as_json() for finding in found], indent=2))
        else:
            self.stdout.writelines(f"{finding.line()}\n" for finding in found)
        if recover:
            for line in doctor.recover(patient, found, carrier_of_settings(), exchange=settings.exchange):
                self.stdout.write(line)
        elif critical := [finding.topic for finding in found if finding.severity is doctor.Severity.CRITICAL]:
            raise CommandError(f"critical: {', '.join(critical)}", returncode=1)


def _rendered(host: str) -> str:
    properties = _properties(host)
    if host == "connect":
        return connector_json(settings.debezium, properties)
    return properties_text(f"Debezium, host {host}", properties)


def _properties(host: str) -> Properties:
    source, schema = source_of(settings.debezium), preconditions.outbox_schema(_connection())
    if host == "server":
        rabbit = hosts.rabbit_of(settings.broker_url)
        return hosts.server(settings.debezium, source, rabbit, exchange=settings.exchange, schema=schema)
    if host == "connect":
        hosts.require_kafka(settings.broker_url)
        return hosts.connect(settings.debezium, source, exchange=settings.exchange, schema=schema)
    whole = embedded(settings.debezium, source, schema=schema, batch_size=settings.relay_batch_size)
    return {**whole, "database.password": "${CDC_PASSWORD}"}


def _connection() -> Any:
    return connections[router.db_for_write(OutboxMessage)]
