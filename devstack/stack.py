"""The whole stack to develop against, until Ctrl-C: `python -m devstack.stack [NAME ...]`.

PostgreSQL as `devstack.up` runs it, in the same place, and RabbitMQ, Kafka and Kafka Connect with Debezium. Beside each
system's `NAME.env` there is one file per broker: source the one to use; `tests.env` makes the tests use them all. Their
data are kept from one start to the next.
"""

import signal
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from urllib.parse import unquote, urlsplit

from devstack import jars, up
from devstack.connect import NativeConnect
from devstack.java_server import JavaServer
from devstack.kafka import NativeKafka
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ProcessFailed
from devstack.rabbitmq import NativeRabbitMQ
from devstack.unprivileged import NoUnprivilegedUser

RABBITMQ, KAFKA, TESTS = "rabbitmq", "kafka", "tests"
Server = EmbeddedPostgres | NativeRabbitMQ | JavaServer


def main(arguments: Sequence[str] | None = None) -> int:
    systems = up.options(arguments, "python -m devstack.stack", "Every server of the stack.", {RABBITMQ, KAFKA, TESTS})
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, up.interrupt)
    try:
        for what in ("kafka", "connector"):
            jars.ensure(what)
        with ExitStack() as running:
            servers = _start(running, systems)
            print("All of them run. Ctrl-C stops them and keeps the data.", flush=True)
            _stay(servers)
    except up.Interrupted:
        print("The stack has stopped.", flush=True)
    except (ProcessFailed, NoUnprivilegedUser) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _start(running: ExitStack, systems: Sequence[str]) -> list[Server]:
    postgres = running.enter_context(EmbeddedPostgres(up.FOLDER / "postgres"))
    variables = dict(up.environments(postgres, systems, up.FOLDER))
    rabbitmq = running.enter_context(NativeRabbitMQ(up.FOLDER / "rabbitmq"))
    kafka = running.enter_context(NativeKafka(up.FOLDER / "kafka"))
    capture = _capture(variables[systems[0]]["CDC_DATABASE_URL"])
    connect = running.enter_context(NativeConnect(up.FOLDER / "connect", kafka, capture))
    variables[RABBITMQ] = {"BROKER_URL": rabbitmq.url}
    variables[KAFKA] = {"BROKER_URL": kafka.url, "CONNECT_URL": connect.url}
    variables[TESTS] = {
        "STRANGLER_TEST_POSTGRES_URL": postgres.url(),
        "STRANGLER_TEST_RABBITMQ_URL": rabbitmq.url,
        "STRANGLER_TEST_KAFKA_URL": kafka.url,
        "STRANGLER_TEST_CONNECT_URL": connect.url,
        "STRANGLER_TEST_CDC_PASSWORD": capture["CDC_PASSWORD"],
    }
    for name, exports in variables.items():
        up.show(up.FOLDER / f"{name}.env", exports)
    return [postgres, rabbitmq, kafka, connect]


def _capture(url: str) -> dict[str, str]:
    """What connector configurations name instead of writing it: `${env:CDC_PASSWORD}`. The first system's database."""
    parts = urlsplit(url)
    return {
        "CDC_HOST": str(parts.hostname),
        "CDC_PORT": str(parts.port),
        "CDC_USER": unquote(parts.username or ""),
        "CDC_PASSWORD": unquote(parts.password or ""),
        "CDC_DATABASE": parts.path[1:],
    }


def _stay(servers: Sequence[Server]) -> None:
    while all(server.running for server in servers):
        time.sleep(up.CHECK_EVERY_SECONDS)
    ended = next(server for server in servers if not server.running)
    raise ProcessFailed(f"{type(ended).__name__} ended by itself; the end of {ended.log} says why")


if __name__ == "__main__":
    sys.exit(main())
