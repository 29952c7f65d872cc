"""Celery as a consumer: a task a message, deduplicated in the task's own transaction, as its users write it.

- `acks_late`, so that nothing is lost; a prefetch of 200 messages instead of 4 a process.
- Two worker processes on two cores, where everything else here has one process; the solo and threads pools were slower.
- No results, no events, no gossip.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from benchmarks.peers.broker import EXCHANGE, QUEUE, ROUTING_KEY, URL

NAME = "Celery"
APPS = ["benchmarks.peers.received"]
SETTINGS: dict[str, Any] = {}
PROCESSES = 2

app = Celery("bench", broker=URL.replace("amqp://", "pyamqp://", 1))
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=200 // PROCESSES,
    worker_detect_quorum_queues=True,
    task_queues=[
        Queue(
            QUEUE,
            Exchange(EXCHANGE, type="topic", durable=True, no_declare=True),
            routing_key=ROUTING_KEY,
            no_declare=True,
            queue_arguments={"x-queue-type": "quorum"},
        )
    ],
)


@app.task(name="bench.move_stock")
def move_stock(body: dict[str, Any]) -> None:
    from benchmarks.peers.received.handling import handle_once

    handle_once(body)


def send(bodies: list[dict[str, Any]]) -> None:
    """Into the queue, in Celery's own format."""
    with app.producer_or_acquire() as producer:
        for body in bodies:
            move_stock.apply_async([body], exchange=EXCHANGE, routing_key=ROUTING_KEY, producer=producer)


def consume() -> None:
    arguments = ["worker", "--pool", "prefork", "--concurrency", str(PROCESSES), "--loglevel", "WARNING"]
    app.worker_main([*arguments, "--without-gossip", "--without-mingle", "--without-heartbeat"])
