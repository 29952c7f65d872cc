"""Everything that runs in the inventory tour: shop and service, each with its own outbox, relay and consumers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from devstack.kafka import NativeKafka
from devstack.processes import ProcessFailed
from devstack.rabbitmq import NativeRabbitMQ
from devstack.secretfile import SecretFile
from devstack.shop import programs
from devstack.shop.environment import Environment
from devstack.shop.programs import together, wait_until_healthy
from devstack.shop.steps import Steps
from devstack.shop.workspace import Workspace
from devstack.tours.inventory.environment import DATABASES, Environments, prepare_databases
from devstack.tours.running import TourStack

HISTORY = ("--products", "40", "--customers", "40", "--orders", "200", "--stock", "40", "--seed", "7")
SHOP_GROUPS = ("inventory-monolith", "checkout", "shipping")
"""What the shop itself hears: what becomes of stock, answers that a checkout waits for, what is to be packed."""
BROKERS: dict[str, Callable[[Path], NativeRabbitMQ | NativeKafka] | None] = {
    "pgmq": None,
    "rabbitmq": NativeRabbitMQ,
    "kafka": NativeKafka,
}
"""With PGMQ the queues are a database of the one PostgreSQL."""


QUEUED = "SELECT queue_name, queue_length FROM pgmq.metrics_all() WHERE queue_length > 0"


class Stack(TourStack):
    """`with Stack(...) as stack:` `stack.start(steps)`. Everything has ended when the block has."""

    SERVICE = "extracted.inventory"

    def __init__(self, workspace: Workspace, broker: str) -> None:
        super().__init__(workspace)
        self._broker_name, make = broker, BROKERS[broker]
        self._broker = make(workspace.root / broker) if make else None

    def start(self, steps: Steps) -> None:
        with steps.step(f"PostgreSQL with a database and a role each: {', '.join(DATABASES)}"):
            self.postgres.start()
            prepare_databases(self.postgres)
        if self._broker:
            with steps.step(f"the broker: {self._broker_name}"):
                self._broker.start()
        self.env = Environments(self.workspace, self.postgres, self._broker_url())
        with steps.step("tables of the shop and of the inventory service"):
            together(
                lambda: self.shop_manage("migrate", "--verbosity", "1"),
                lambda: self.service_manage("migrate", "--verbosity", "1"),
            )
        with steps.step("a shop with a past: 40 products, 200 orders"):
            SecretFile(self.workspace.passwords).put("admin", self.password)
            self.shop_manage("seed", *HISTORY, extra={"ADMIN_PASSWORD": self.password})
        with steps.step("queues in the broker, before anybody publishes"):
            if self._broker_name == "kafka":
                self.shop_manage("kafka_topics")  # those of stock, which both sides publish
            together(
                lambda: self.service_manage("consume", "--declare"),
                *(partial(self.shop_manage, "consume", "--group", group, "--declare") for group in SHOP_GROUPS),
            )
        with steps.step("shop, service, and all that works beside them: a dozen processes"):
            self._start_programs()

    @property
    def shop_env(self) -> Environment:
        return self.env.shop

    @property
    def service_env(self) -> Environment:
        return self.env.service

    def queued(self) -> list[str]:
        """The groups for which messages wait in the broker."""
        if self._broker is None:
            with self.postgres.connect("broker") as connection:
                return [f"{count} messages in {name}" for name, count in connection.execute(QUEUED).fetchall()]
        commands = [
            partial(self.service_manage, "consume", "--backlog"),
            *(partial(self.shop_manage, "consume", "--group", group, "--backlog") for group in SHOP_GROUPS),
        ]
        return [str(waiting) for command in commands if (waiting := _failure(command))]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._broker:
            self._broker.stop()

    def _broker_url(self) -> str:
        if self._broker:
            return self._broker.url
        return self.postgres.url("broker", "broker").replace("postgresql://", "pgmq://", 1)

    def _start_programs(self) -> None:
        env, workspace = self.env, self.workspace
        self.shop = programs.web("shop", "monolith.wsgi", env.shop, workspace, env.shop_port)
        self.service = programs.web("service", f"{self.SERVICE}.wsgi", env.service, workspace, env.service_port)
        self.shop_relay = self.shop_program("shop relay", "relay", ready="relay_started")
        self.service_relay = self.service_program("service relay", "relay", ready="relay_started")
        self.consumer = self.service_program("service consumer", "consume", ready="consumer_started")
        self.answers, self.checkout, shipping = (
            self.shop_program(f"consumer {group}", "consume", "--group", group, ready="consumer_started")
            for group in SHOP_GROUPS
        )
        self.settler = self.shop_program("settle stock", "settle_stock", "--follow", "--interval", "0.5", ready="")
        self.sagas = self.shop_program("sagas", "saga", "work", ready="saga_worker_started")
        expiry = "release_expired_reservations"
        self.add(
            *(self.shop, self.service, self.shop_relay, self.service_relay),
            *(self.consumer, self.answers, self.checkout, shipping, self.settler, self.sagas),
            self.service_program("service expiry", expiry, "--loop", ready=""),
        )
        for program in (self.shop, self.service):
            wait_until_healthy(program)


def _failure(command: Callable[[], str]) -> ProcessFailed | None:
    try:
        command()
    except ProcessFailed as failure:
        return failure
    return None
