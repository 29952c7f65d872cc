"""A shop behind a load balancer, its relay, and the notifications service: real processes, databases of their own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple, Self

import httpx

from devstack.ports import free_port
from devstack.processes import ManagedProcess
from tests.stack.postgres import scratch, server

ROOT = Path(__file__).resolve().parents[2]
MANAGE, SERVICE = ("manage.py",), ("-m", "extracted.notifications")
CONSUMER_THREADS = 2
SUBJECTS = {
    "order_confirmation": re.compile(r"Your order (S-[-\w]+)"),
    "payment_receipt": re.compile(r"Payment received for order (S-[-\w]+)"),
    "order_cancelled": re.compile(r"Your order (S-[-\w]+) is cancelled"),
    "refund": re.compile(r"Refund for order (S-[-\w]+)"),
}


class Mail(NamedTuple):
    """One copy that a mail server would have got."""

    side: str
    message_id: str
    order: str
    template: str


class Site:
    def __init__(self, name: str) -> None:
        self.folder = scratch() / name
        self.shop_db, self.service_db = _database(f"{name}_shop"), _database(f"{name}_service")
        broker = server().url(_database(f"{name}_queues"), f"{name}_queues").replace("postgresql://", "pgmq://", 1)
        both = {"SECRET_KEY": "s" * 50, "HTTPS": "0", "BROKER_URL": broker, "DJANGO_SETTINGS_MODULE": None}
        both |= {"THROTTLE_USER": "off", "THROTTLE_CHECKOUT": "off"}  # these customers type faster than people
        self._environments = {
            "shop": {**both, "DATABASE_URL": server().url(self.shop_db, self.shop_db), "RELAY": "polling"},
            "service": {**both, "DATABASE_URL": server().url(self.service_db, self.service_db)},
        }
        for side, environment in self._environments.items():
            environment["EMAIL_FILE_PATH"] = str(self.folder / "mails" / side)
        self.queues_db = f"{name}_queues"
        self._in_order(
            (*MANAGE, "migrate"), (*MANAGE, "seed", "--customers", "0", "--products", "3", "--stock", "99999")
        )
        self._in_order((*SERVICE, "migrate"), (*SERVICE, "consume", "--declare"))  # the queue comes before the relay
        self.relay = self.process("relay", *MANAGE, "relay")
        self.consumer = self.process("consumer", *SERVICE, "consume", "--concurrency", str(CONSUMER_THREADS))
        self.deliverer = self.process("deliverer", *SERVICE, "deliver_emails", "--loop", "--interval", "0.3")

    def process(self, name: str, *arguments: str, **environment: str) -> ManagedProcess:
        side = "service" if SERVICE[-1] in arguments else "shop"
        settings = {**self._environments[side], **environment}
        return ManagedProcess(
            name,
            [sys.executable, *arguments],
            cwd=ROOT,
            env=settings,
            log=self.folder / f"{name}.log",
            stop_leader_only=True,
        )

    def web(self, stage: str) -> WebProcess:
        """One process of the shop, as it would be deployed, that believes in `stage`."""
        return WebProcess(self, stage)

    def mails(self) -> list[Mail]:
        """Every copy of every e-mail that either side has sent."""
        return [mail for side in self._environments for mail in _sent_by(side, self.folder / "mails" / side)]

    def stamps(self) -> dict[tuple[str, str], str]:
        """Which side each e-mail was left to when its event was published, by order and event type."""
        query = "SELECT aggregate_id, routing_key, payload::json ->> 'stages' FROM strangler_outbox"
        about_an_order = "WHERE aggregate_type IN ('orders.order', 'payments.payment')"
        return {
            (order, kind): "service" if stages == "notifications=extracted" else "shop"
            for order, kind, stages in self._rows(self.shop_db, f"{query} {about_an_order}")
        }

    def is_quiet(self) -> bool:
        """Nothing is on its way any more: not in the outbox, not in the queue, not parked, not waiting to be sent."""
        unsent = "SELECT 1 FROM notifications_email WHERE status <> 'sent' LIMIT 1"
        return not (
            self._rows(self.shop_db, "SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL LIMIT 1")
            or self._rows(self.queues_db, 'SELECT 1 FROM pgmq."q_events.notifications" LIMIT 1')
            or self._rows(self.service_db, "SELECT 1 FROM strangler_parked_message LIMIT 1")
            or self._rows(self.service_db, unsent)
            or self._rows(self.shop_db, unsent)
        )

    def _rows(self, database: str, query: str) -> list[tuple[str, ...]]:
        with server().connect(database) as connection:
            return connection.execute(query).fetchall()

    def _in_order(self, *commands: Sequence[str]) -> None:
        for command in commands:
            done = self.process("-".join(command[-3:]).strip("-"), *command).start()
            assert done.wait(60) == 0, done.tail()

    def __enter__(self) -> Self:
        for process in (self.relay, self.consumer, self.deliverer):
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.relay, self.consumer, self.deliverer):
            process.terminate()


class WebProcess:
    def __init__(self, site: Site, stage: str) -> None:
        self.stage = stage
        self.url = f"http://127.0.0.1:{free_port()}"
        gunicorn = ("gunicorn", "monolith.wsgi", "--bind", self.url.removeprefix("http://"), "--threads", "4")
        self._process = site.process("-".join(("web", stage, self.url[-5:])), "-m", *gunicorn, "--no-control-socket",
                                     STAGE_NOTIFICATIONS=stage).start()  # fmt: skip
        self._process.wait_for(self._answers, 60, "answers /api/health/")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/health/").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self._process.terminate(timeout=30)


def _database(name: str) -> str:
    server().ensure_role(name)
    server().ensure_database(name, name)
    return name


def _sent_by(side: str, folder: Path) -> Iterator[Mail]:
    """Reads what Django's file backend wrote: messages between lines of dashes, any number to a file."""
    for file in sorted(folder.glob("*.log")):
        for text in file.read_bytes().split(b"-" * 79 + b"\n")[:-1]:
            message = message_from_bytes(text)
            [(order, template)] = [
                (found[1], template)
                for template, subject in SUBJECTS.items()
                if (found := subject.fullmatch(message["Subject"]))
            ]
            yield Mail(side, message["Message-ID"], order, template)
