"""Queues in PostgreSQL: PGMQ (<https://github.com/pgmq/pgmq>); see docs/adr/0002-pgmq-without-kombu.md."""

from strangler.brokers.pgmq.broker import PgmqBroker

__all__ = ["PgmqBroker"]
