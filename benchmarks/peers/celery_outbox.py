"""django-celery-outbox: polling, batches, a task of Celery's for an event.

- Batches of 1 000 instead of 100; an idle time of 10 ms instead of 1 s, below which it keeps a core busy asking.
- `publish_concurrency` 4 instead of 1: threads that publish side by side; 2 and 8 were slower here.
- Celery confirms publishes (`confirm_publish`), one at a time per connection, with four connections in its pool.
- No metrics, no Sentry.
"""

from __future__ import annotations

from typing import Any

from django_celery_outbox import OutboxCelery

from benchmarks.peers.broker import EXCHANGE, ROUTING_KEY, URL
from benchmarks.peers.recording import in_one_transaction

NAME = "django-celery-outbox"
APPS = ["django_celery_outbox"]
CONCURRENCY = 4
SETTINGS: dict[str, Any] = {"CELERY_OUTBOX_APP": f"{__name__}.app", "MONITORING_METRICS_ENABLED": False}

app = OutboxCelery("bench", broker=URL.replace("amqp://", "pyamqp://", 1))
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_pool_limit=CONCURRENCY,
    task_ignore_result=True,
    task_default_exchange=EXCHANGE,
    task_default_exchange_type="topic",
)


@app.task(name="bench.move_stock")
def move_stock(body: dict[str, Any]) -> None: ...


def _publish(body: dict[str, Any]) -> None:
    move_stock.apply_async([body], exchange=EXCHANGE, routing_key=ROUTING_KEY)


record = in_one_transaction(_publish)


def relay() -> None:
    from django.core.management import call_command

    call_command("celery_outbox_relay", batch_size=1000, idle_time=0.01, publish_concurrency=CONCURRENCY)
