"""`manage.py debezium`: Debezium in a host of its own: what it is told, how it is, and how it is started."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections, router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outbox.models import OutboxMessage
from strangler.relay.debezium import hosts
from strangler.relay.debezium.config import Properties, embedded
from strangler.relay.debezium.rendering import connector_json, properties_text
from strangler.relay.debezium.rest import Connect
from strangler.relay.log import preconditions
from strangler.relay.log.source import source_of

HOSTS = ("embedded", "server", "connect")
_SENT = {"pause": "pausing", "resume": "resuming", "restart": "restarting"}


class Command(KitCommand):
    help = "Configure and start Debezium outside this process; `cdc_doctor` examines it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        config = actions.add_parser("config", help="print what a host of Debezium is told, without passwords")
        config.add_argument("--host", choices=HOSTS, required=True)
        actions.add_parser("apply", help="create the connector in Kafka Connect, or change its configuration")
        actions.add_parser("status", help="the connector's state and its tasks'; exits 1 unless all are RUNNING")
        actions.add_parser("pause", help="hold the connector up; events wait in the log")
        actions.add_parser("resume", help="the end of a pause")
        actions.add_parser("restart", help="restart the connector and its tasks, failed or not")
        doctor = actions.add_parser("doctor", help="examine log, slot and connector; it is `manage.py cdc_doctor`")
        doctor.add_argument("--recover", action="store_true", help="make a lost or missing slot anew and skip nothing")
        actions.add_parser("resend", help="publish again what Debezium Server found no queue for in RabbitMQ")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "config":
            self.stdout.write(_rendered(options["host"]), ending="")
        elif action == "doctor":
            call_command("cdc_doctor", recover=options["recover"], stdout=self.stdout, stderr=self.stderr)
        elif action == "resend":
            self._resend()
        else:
            self._connector(action)

    def _connector(self, action: str) -> None:
        connector = Connect(settings.cdc)
        if action == "apply":
            self._apply(connector)
        elif action == "status":
            self._status(connector)
        else:
            getattr(connector, action)()
            self.stdout.write(f"connector {settings.cdc.connector}: {_SENT[action]}")

    def _apply(self, connector: Any) -> None:
        source = source_of(settings.cdc)
        preconditions.require(_connection(), settings.cdc, source)
        preconditions.require_slot(settings.cdc, source)
        created = connector.apply(_properties("connect"))
        done = "created" if created else "its configuration is up to date"
        self.stdout.write(f"connector {settings.cdc.connector}: {done}")

    def _status(self, connector: Any) -> None:
        states = connector.states()
        for each in states:
            self.stdout.write(f"{each.what}: {each.state}" + (f": {each.reason}" if each.reason else ""))
        if len(states) < 2 or any(each.state != "RUNNING" for each in states):
            raise CommandError(f"connector {settings.cdc.connector} does not run", returncode=1)

    def _resend(self) -> None:
        hosts.rabbit_of(settings.broker_url)  # refuses any other broker
        from strangler.brokers.amqp.unroutable import Unroutable  # needs the optional package kombu

        unroutable = Unroutable(settings.broker_url, settings.exchange)
        found, left = unroutable.send_again(), unroutable.count()
        self.stdout.write(f"{found} events found a queue, {left} are still in {unroutable.name}")


def _rendered(host: str) -> str:
    properties = _properties(host)
    if host == "connect":
        return connector_json(settings.cdc, properties)
    return properties_text(f"Debezium, host {host}", properties)


def _properties(host: str) -> Properties:
    source, schema = source_of(settings.cdc), preconditions.outbox_schema(_connection())
    if host == "server":
        rabbit = hosts.rabbit_of(settings.broker_url)
        return hosts.server(settings.cdc, source, rabbit, exchange=settings.exchange, schema=schema)
    if host == "connect":
        hosts.require_kafka(settings.broker_url)
        return hosts.connect(settings.cdc, source, exchange=settings.exchange, schema=schema)
    whole = embedded(settings.cdc, source, schema=schema, batch_size=settings.relay_batch_size)
    return {**whole, "database.password": "${CDC_PASSWORD}"}


def _connection() -> Any:
    return connections[router.db_for_write(OutboxMessage)]
