"""The servers of a run, and the proxies between each of them and each process that uses it."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from devstack.kafka import NativeKafka
from devstack.postgres import EmbeddedPostgres
from devstack.rabbitmq import NativeRabbitMQ
from devstack.shop.programs import together
from strangler.testing.link import KafkaProxy, TcpProxy

CAPTURE = "cdc"
OF_SERVICES = ("notifications", "auditor")


_BROKERS: dict[str, Callable[[Path], EmbeddedPostgres | NativeRabbitMQ | NativeKafka]] = {
    "pgmq": EmbeddedPostgres,
    "rabbitmq": NativeRabbitMQ,
    "kafka": NativeKafka,
}


class Server(Protocol):
    @property
    def running(self) -> bool: ...

    def start(self) -> object: ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...


class Servers:
    """Shop and services have a database server each, the broker one of its own. All end with the block."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.shop = EmbeddedPostgres(folder / "shop-postgres")
        self.services = EmbeddedPostgres(folder / "services-postgres")
        self.broker = _BROKERS[broker](folder / broker)
        self.broker_url = ""
        self._proxies = ExitStack()

    @property
    def all(self) -> dict[str, Server]:
        """By the names that the schedule gives them."""
        return {"shop-server": self.shop, "services-server": self.services, "broker": self.broker}

    def start(self) -> None:
        together(*(server.start for server in self.all.values()))
        self.shop.ensure_role(CAPTURE, replication=True)
        for server, names in ((self.shop, ("shop",)), (self.services, OF_SERVICES)):
            for name in names:
                server.ensure_role(name)
                server.ensure_database(name, owner=name)
        self.broker_url = _queues(self.broker) if isinstance(self.broker, EmbeddedPostgres) else self.broker.url

    def links(self, shop_port: int) -> dict[str, TcpProxy]:
        """A proxy for each way that the schedule may get at; none is shared."""
        shop, services = (TcpProxy, self.shop.port), (TcpProxy, self.services.port)
        broker = (KafkaProxy if isinstance(self.broker, NativeKafka) else TcpProxy, self.broker.port)
        targets = {
            "client-shop": (TcpProxy, shop_port),
            "shop-database": shop,
            "relay-database": shop,
            "relay-broker": broker,
            **{
                f"{name}-{what}": to
                for name in OF_SERVICES
                for what, to in (("database", services), ("broker", broker))
            },
        }
        links = {name: proxy("127.0.0.1", port) for name, (proxy, port) in targets.items()}
        for link in links.values():
            self._proxies.callback(link.close)
        return links

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._proxies.close()
        together(*(server.stop for server in self.all.values()))


def _queues(postgres: EmbeddedPostgres) -> str:
    postgres.ensure_role("broker")
    postgres.ensure_database("broker", owner="broker")
    return postgres.url("broker", "broker").replace("postgresql://", "pgmq://", 1)
