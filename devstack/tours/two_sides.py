"""What stacks are made of in whose tours shop and service both publish and hear: a broker between two outboxes."""

import secrets
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType

from devstack.kafka import NativeKafka
from devstack.ports import LOOPBACK, kept_port
from devstack.processes import ProcessFailed
from devstack.rabbitmq import NativeRabbitMQ
from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.environment import Environment, of_project
from devstack.shop.programs import Program, together, wait_until_healthy
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace
from devstack.tours.asking import queued_in_pgmq
from devstack.tours.running import TourStack

BROKERS: dict[str, Callable[[Path], NativeRabbitMQ | NativeKafka] | None] = {
    "pgmq": None,
    "rabbitmq": NativeRabbitMQ,
    "kafka": NativeKafka,
}
"""With PGMQ the queues are a database of the one PostgreSQL."""


class TwoSidesStack(TourStack):
    """`with Stack(...) as stack:` `stack.start(steps)`. Everything has ended when the block has.

    Ports are chosen beforehand: the shop is told where the service answers, and comes back to its own.
    """

    NAME: str
    """Of the service, its database and its variables in the shop."""
    SHOP_GROUPS: tuple[str, ...]
    SERVICE_GROUPS: tuple[str, ...]
    HISTORY: tuple[str, ...]
    """The options of `manage.py seed`."""

    def __init__(self, workspace: Workspace, broker: str) -> None:
        super().__init__(workspace)
        self.SERVICE = f"extracted.{self.NAME}"
        self._broker_name, make = broker, BROKERS[broker]
        self._broker = make(workspace.root / broker) if make else None
        self.shop_port, self.service_port = kept_port(None, None), kept_port(None, None)

    @abstractmethod
    def start_programs(self) -> None:
        """All that works beside shop and service, and these two by `start_with`."""

    def start(self, steps: Steps) -> None:
        databases = ("shop", self.NAME, "broker")
        with steps.step(f"PostgreSQL with a database and a role each: {', '.join(databases)}"):
            self.postgres.start()
            for name in databases:
                self.postgres.ensure_role(name)
                self.postgres.ensure_database(name, owner=name)
        if self._broker:
            with steps.step(f"the broker: {self._broker_name}"):
                self._broker.start()
        self._tell_each_other(secrets.token_urlsafe(30))
        with steps.step(f"tables of the shop and of the {self.NAME} service"):
            together(
                lambda: self.shop_manage("migrate", "--verbosity", "1"),
                lambda: self.service_manage("migrate", "--verbosity", "1"),
            )
        with steps.step("a shop with a past"):
            SecretFile(self.workspace.passwords).put("admin", self.password)
            self.shop_manage("seed", *self.HISTORY, extra={"ADMIN_PASSWORD": self.password})
        with steps.step("consumers, whose queues have to be there before anybody publishes"):
            if self._broker_name == "kafka":
                self.shop_manage("kafka_topics")  # those of what both sides publish
            self.consumers = {program.name: program for program in self._make_consumers()}
            self.add(*self.consumers.values())
        with steps.step("shop, service, and all that works beside them: a dozen processes and more"):
            self.start_programs()

    def start_with(self, *others: Program) -> None:
        self.shop = programs.web("shop", "monolith.wsgi", self.shop_env, self.workspace, self.shop_port)
        self.service = programs.web(
            "service", f"{self.SERVICE}.wsgi", self.service_env, self.workspace, self.service_port
        )
        self.add(self.shop, self.service, *others)
        for program in (self.shop, self.service):
            wait_until_healthy(program)

    def consumer(self, group: str) -> Program:
        return self.consumers[f"consumer {group}"]

    def queued(self) -> list[str]:
        """The groups for which messages wait in the broker."""
        if self._broker is None:
            return queued_in_pgmq(self.postgres, (*self.SERVICE_GROUPS, *self.SHOP_GROUPS))
        commands = [
            partial(manage, "consume", "--group", group, "--backlog")
            for manage, groups in ((self.service_manage, self.SERVICE_GROUPS), (self.shop_manage, self.SHOP_GROUPS))
            for group in groups
        ]
        return [str(waiting) for command in commands if (waiting := _failure(command))]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._broker:
            self._broker.stop()

    def _make_consumers(self) -> Iterator[Program]:
        for make, groups in ((self.service_program, self.SERVICE_GROUPS), (self.shop_program, self.SHOP_GROUPS)):
            for group in groups:
                yield make(f"consumer {group}", "consume", "--group", group, ready="consumer_started")

    def _tell_each_other(self, token: str) -> None:
        name, broker = self.NAME, {"BROKER_URL": self._broker_url()}
        asked = {
            f"{name.upper()}_URL": f"http://{LOOPBACK}:{self.service_port}/strangler/",
            f"{name.upper()}_TOKEN": token,
        }
        shop = of_project("shop", self.workspace, self.postgres.url("shop", "shop"), f"devstack.tours.{name}.settings")
        service = of_project(name, self.workspace, self.postgres.url(name, name), f"{self.SERVICE}.settings")
        self._shop_env: Environment = shop | broker | asked
        self._service_env: Environment = service | broker | {"SERVICE_TOKEN": token}

    def _broker_url(self) -> str:
        if self._broker:
            return self._broker.url
        return self.postgres.url("broker", "broker").replace("postgresql://", "pgmq://", 1)


def _failure(command: Callable[[], str]) -> ProcessFailed | None:
    try:
        command()
    except ProcessFailed as failure:
        return failure
    return None
