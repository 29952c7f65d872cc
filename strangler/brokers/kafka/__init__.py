"""Kafka 3.7 and later (KRaft), through librdkafka."""

from strangler.brokers.kafka.broker import KafkaBroker

__all__ = ["KafkaBroker"]
