"""`manage.py cdc_doctor`: what keeps the log from flowing, or the disk from staying empty, and what to do about it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import connections, router

from strangler.commands import KitCommand
from strangler.conf import settings
from strangler.outbox.models import OutboxMessage
from strangler.relay import doctor
from strangler.relay.debezium.handover import carrier_of_settings
from strangler.relay.log.source import source_of


class Command(KitCommand):
    help = "Find what is wrong between the database's log and the relay that reads it; exits 1 when it is critical."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for machines: a list of findings")
        parser.add_argument(
            "--recover",
            action="store_true",
            help="make a lost or missing slot of Debezium's anew and carry from the outbox what it may have skipped",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        patient = doctor.Patient(
            connections[router.db_for_write(OutboxMessage)],
            settings.cdc,
            source_of(settings.cdc),
            settings.relay,
            settings.broker_url,
            settings.exchange,
        )
        found = list(doctor.examine(patient))
        if options["json"]:
            self.stdout.write(json.dumps([finding.as_json() for finding in found], indent=2))
        else:
            self.stdout.writelines(f"{finding.line()}\n" for finding in found)
        if options["recover"]:
            for line in doctor.recover(patient, found, carrier_of_settings(), exchange=settings.exchange):
                self.stdout.write(line)
        elif critical := [finding.topic for finding in found if finding.severity is doctor.Severity.CRITICAL]:
            raise CommandError(f"critical: {', '.join(critical)}", returncode=1)
