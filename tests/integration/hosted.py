"""The sample project with Debezium in a host of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from devstack.processes import ManagedProcess
from strangler.conf import CdcSettings
from strangler.messaging import decode
from strangler.relay.debezium import config, hosts
from strangler.relay.log.source import source_of
from tests.stack import servers
from tests.support.project import Project
from tests.support.waiting import until

HEARTBEAT_MS = 200


class HostedProject(Project):
    """Its commands run with `RELAY` set to the host."""

    def __init__(self, database: servers.Postgres, broker_url: str, *, relay: str, folder: Path, **env: str) -> None:
        super().__init__(database, broker_url, relay=relay, folder=folder)
        self.folder = folder
        self.env |= {"RELAY": relay, "DJANGO_SETTINGS_MODULE": "tests.integration.hosted_settings", **env}

    @property
    def name(self) -> str:
        """Of its database, its exchange, its slot."""
        return self._name

    @property
    def cdc(self) -> CdcSettings:
        values = {"DATABASE_URL": self.env["CDC_DATABASE_URL"], "SLOT": self._name}
        return CdcSettings.model_validate({**values, "HEARTBEAT_INTERVAL_MS": HEARTBEAT_MS})

    def manage(self, *arguments: str, code: int = 0) -> str:
        """What a command printed that is expected to exit with `code`."""
        command = [sys.executable, "-m", "django", *arguments]
        env = {**os.environ, **self.env}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == code, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def doctor(self, *, code: int) -> dict[str, dict[str, Any]]:
        """Its findings by topic."""
        return {each["topic"]: each for each in json.loads(self.manage("cdc_doctor", "--json", code=code))}

    @property
    def cdc_password(self) -> str:
        return source_of(self.cdc).password

    def ignore(self, thing: str, step: int) -> None:
        """Publish an event that nobody subscribes to."""
        self.run(
            f"""
            import django; django.setup()
            from django.db import transaction
            from strangler.outbox import publish
            from tests.sample.events import StepIgnored
            with transaction.atomic():
                publish(StepIgnored(thing={thing!r}, step={step}))
            """
        )

    def steps(self, *steps: int, thing: str = "a") -> None:
        self.publish(*((thing, step, "ok") for step in steps))


class EngineHost:
    """Debezium's engine with an offsets file and a lasting slot, told what Debezium Server is told."""

    def __init__(self, project: HostedProject, **overrides: str) -> None:
        self.offsets = project.folder / "offsets.dat"
        self._output = project.folder / "carried.txt"
        self._output.touch()
        properties = project.folder / "engine.json"
        cdc = project.cdc
        told = {
            **config.embedded(cdc, source_of(cdc), batch_size=100),
            **hosts.lasting(),
            "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
            "offset.storage.file.filename": str(self.offsets),
            **{name.replace("_", "."): value for name, value in overrides.items()},
        }
        properties.write_text(json.dumps(told), encoding="utf-8")
        command = [sys.executable, "-m", "tests.support.engine_host", str(properties), str(self._output)]
        self.process = ManagedProcess("engine-host", command, log=project.folder / "engine-host.log")

    def carried(self) -> list[int]:
        return [decode(line).data["step"] for line in self._output.read_bytes().splitlines()]

    def expect(self, *steps: int) -> None:
        """Carried, and remembered as carried."""
        until(lambda: self.carried() == list(steps), f"{steps} to be carried")
        until(lambda: self.offsets.exists() and b'"lsn"' in self.offsets.read_bytes(), "the offsets to be written")


def make_slot(superuser: psycopg.Connection, name: str) -> None:
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
