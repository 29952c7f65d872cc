"""RabbitMQ 3.10 and later, over AMQP 0-9-1 through kombu's transport."""

from strangler.brokers.amqp.broker import AmqpBroker

__all__ = ["AmqpBroker"]
