"""The peers as the harness sees them: processes of another Python, on the same servers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks.bare.queue import Queue
from benchmarks.harness.scale import Scale
from benchmarks.stack import EXCHANGE, ROOT, Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

PYTHON = ROOT / ".local" / "peers" / "bin" / "python"
HOW_TO_GET_THEM = "the peers' environment is not there: python3 devstack/bootstrap.py --with peers"


@dataclass(frozen=True)
class Peer:
    """`module` is its file in this folder, `tables` what is emptied between rounds.

    `own_format`: only it can write what it reads. `own_queue`: it makes the queue it reads from. `fastest`: of its
    kind, so that a quick run does not do without it.
    """

    name: str
    module: str
    tables: tuple[str, ...]
    notifies: bool = False
    fastest: bool = False
    own_format: bool = False
    own_queue: str = ""

    def prepare(self, stack: Stack) -> None:
        """Migrate, once."""
        _migrated(self, stack)

    def run(self, stack: Stack, *arguments: str) -> None:
        stack.run(f"{self.module}-{arguments[0]}", *self._command(*arguments), env=_env(stack), python=str(PYTHON))

    def start(self, stack: Stack, *arguments: str) -> ManagedProcess:
        name = f"{self.module}-{arguments[0]}"
        return stack.start(name, *self._command(*arguments), env=_env(stack), python=str(PYTHON))

    def filler(self, stack: Stack, events: int) -> Callable[[], None]:
        """Commits that many events with the peer's own API, after what is left of earlier ones is gone."""

        def fill() -> None:
            self.empty(stack)
            self.run(stack, "fill", str(events))
            with stack.connect() as connection:
                connection.execute(f"VACUUM (ANALYZE) {', '.join(self.tables)}")
                connection.execute("CHECKPOINT")

        return fill

    def queue(self, stack: Stack) -> Queue:
        """The one it reads from, which exists."""
        if not self.own_queue:
            return stack.queue
        queue = Queue(stack.rabbitmq.url, EXCHANGE, self.own_queue)
        if not queue.exists():
            consumer = self.start(stack, "consume")
            until(queue.exists, f"the queue of {self.name}")
            end(consumer)
        return queue

    def empty(self, stack: Stack) -> None:
        with stack.connect() as connection:
            connection.execute(f"TRUNCATE {', '.join(self.tables)} CASCADE")

    def _command(self, *arguments: str) -> list[str]:
        return ["-m", "benchmarks.peers.run", self.module, *arguments]


RELAYS = (
    Peer("faststream-outbox", "faststream_outbox", ("faststream_outbox",), notifies=True, fastest=True),
    Peer(
        "django-domain-events",
        "domain_events",
        ("django_domain_events_eventrecord", "django_domain_events_deliveryrecord"),
        notifies=True,
    ),
    Peer("django-celery-outbox", "celery_outbox", ("celery_outbox",), fastest=True),
    Peer("django-outbox-pattern", "outbox_pattern", ("published",)),
    Peer("jaiminho", "jaiminho", ("jaiminho_event",)),
)
CONSUMERS = (
    Peer("FastStream", "faststream_consumer", ("peer_received",), fastest=True),
    Peer("Celery", "celery_worker", ("peer_received",), own_format=True),
    Peer("django-outbox-pattern", "outbox_pattern", ("received",), own_queue="outbox-pattern"),
)


def taking_part(peers: Sequence[Peer], scale: Scale) -> list[Peer]:
    """None where they are not installed or not wanted."""
    if not PYTHON.exists() or not scale.peer_rounds:
        return []
    return [peer for peer in peers if scale.everybody or peer.fastest]


def why_not(scale: Scale) -> str:
    """Why no peer was measured."""
    return HOW_TO_GET_THEM if scale.peer_rounds else "peers were left out (--peer-rounds 0)"


def _env(stack: Stack) -> dict[str, str]:
    stomp = str(stack.rabbitmq.stomp_port)
    keep = {name: stack.env[name] for name in ("DATABASE_URL", "BROKER_URL", "EXCHANGE")}
    return {**keep, "QUEUE": stack.queue.name, "STOMP_PORT": stomp}


@cache
def _migrated(peer: Peer, stack: Stack) -> None:
    peer.run(stack, "migrate")
