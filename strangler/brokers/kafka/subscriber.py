"""A member of a consumer group. Each commit says what is done and what is in hand, before it is handed out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from strangler.brokers.base import Delivery
from strangler.brokers.closing import ClosingBase
from strangler.brokers.kafka import cluster as bounds
from strangler.brokers.kafka import topics
from strangler.brokers.kafka.bindings import Binding
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.progress import Progress
from strangler.brokers.kafka.publisher import ROUTING_KEY
from strangler.errors import BrokerUnavailable, ConfigurationError

log = structlog.get_logger(__name__)

SESSION_MS = 10_000
"""A member that was killed keeps its partitions for as long."""
_ASK_AGAIN = 5.0
_REBALANCING = {
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError._NO_OFFSET,
}

Partition = tuple[str, int]


class _Tag(NamedTuple):
    """`progress` is the partition's while we had it: one that was taken away and came back has another."""

    progress: Progress
    offset: int


class KafkaSubscriber(ClosingBase):
    """Partitions are shared out among the members of a group, so that several work side by side, in order per key.

    librdkafka mends broken connections by itself. Raises `BrokerUnavailable` where the cluster stays away.
    """

    def __init__(self, cluster: Cluster, exchange: str, group_id: str, binding: Binding, prefetch: int) -> None:
        self._cluster = cluster
        self._exchange = exchange
        self._group_id = group_id
        self._binding = binding
        self._prefetch = prefetch
        self._consumer: Consumer | None = None
        self._held: dict[Partition, Progress] = {}
        self._out = 0
        self._paused: list[TopicPartition] = []
        self._suspicion = False
        self._failure: BrokerUnavailable | ConfigurationError | None = None

    def receive(self, timeout: float) -> Sequence[Delivery]:
        until = time.monotonic() + timeout
        try:
            with self._cluster.translated_errors():
                consumer = self._joined()
                self._make_room(consumer)
                deliveries = self._next(consumer, timeout)
                while not deliveries and (left := until - time.monotonic()) > 0:
                    deliveries = self._next(consumer, left)
                self._commit(consumer)
        except BaseException:
            self._leave()
            raise
        return deliveries

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Committed with the next `receive`, which every consumer calls soon; after a crash before it they come again.

        Void deliveries, of a partition that went to somebody else for one, are passed over.
        """
        held = {id(progress) for progress in self._held.values()}
        for progress, offset in (delivery.tag for delivery in deliveries):
            if id(progress) in held:
                progress.done(offset)
                self._out -= 1

    def close(self) -> None:
        if self._consumer is not None:
            try:
                with self._cluster.translated_errors():
                    self._commit(self._consumer)
            finally:
                self._leave()

    # --- what comes

    def _next(self, consumer: Consumer, timeout: float) -> list[Delivery]:
        self._check(consumer)
        first = consumer.poll(timeout)
        if first is None:
            return []
        free = self._prefetch - self._out
        more = consumer.consume(free - 1, timeout=0) if free > 1 else []
        return [delivery for message in (first, *more) if (delivery := self._delivery(message)) is not None]

    def _delivery(self, message: Message) -> Delivery | None:
        if (error := message.error()) is not None:
            self._fault(error)
            return None
        offset = message.offset() or 0  # None only where there is an error
        progress = self._held.get((message.topic() or "", message.partition() or 0))
        if progress is None or not progress.take(offset):
            return None
        if not self._wants(message):
            progress.done(offset)
            return None
        self._out += 1
        return Delivery(message.value() or b"", progress.was_handed_out_before(offset), _Tag(progress, offset))

    def _wants(self, message: Message) -> bool:
        """A record without the header was put there by somebody else: the inbox says what it thinks of it."""
        keys = [value for name, value in _headers(message) if name == ROUTING_KEY]
        return not keys or keys[-1] in self._binding.routing_keys

    def _make_room(self, consumer: Consumer) -> None:
        """With `prefetch` in hand we listen, so as to stay in the group, but take nothing."""
        if self._out >= self._prefetch and not self._paused:
            self._paused = consumer.assignment()
            consumer.pause(self._paused)
        elif self._out < self._prefetch and self._paused:
            consumer.resume(self._paused)  # also what somebody else has by now: it would come back paused
            self._paused = []

    # --- what is known about us

    def _commit(self, consumer: Consumer) -> None:
        """A commit that comes into the middle of a rebalance is lost: what it was to say is found out by the inbox."""
        news = {where: commit for where, progress in self._held.items() if (commit := progress.unsaved()) is not None}
        if not news:
            return
        offsets = [TopicPartition(*where, offset, metadata) for where, (offset, metadata) in news.items()]
        try:
            consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _REBALANCING:
                raise
            return
        for where, commit in news.items():
            self._held[where].saved(commit)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for each in consumer.committed(partitions, timeout=bounds.TIMEOUT):
            if each.error is not None:
                raise KafkaException(each.error)
            where = (each.topic, each.partition)
            known = each.offset >= 0
            self._held[where] = (
                Progress.read(each.offset, each.metadata or "") if known else Progress(self._binding.began(*where))
            )
        consumer.incremental_assign([TopicPartition(each.topic, each.partition, self._at(each)) for each in partitions])
        if self._paused:
            consumer.pause(partitions)
            self._paused += partitions

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._commit(consumer)
        self._lost(consumer, partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for each in partitions:
            progress = self._held.pop((each.topic, each.partition), None)
            self._out -= progress.outstanding if progress else 0
        consumer.incremental_unassign(partitions)

    def _at(self, partition: TopicPartition) -> int:
        return self._held[partition.topic, partition.partition].low

    # --- the connection

    def _joined(self) -> Consumer:
        if self._consumer is None:
            self._consumer = self._new_member()
            owners = sorted({topics.owner_of(key) for key in self._binding.routing_keys})
            self._consumer.subscribe(
                [topics.pattern_of(self._exchange, owner) for owner in owners],
                on_assign=self._assigned,
                on_revoke=self._revoked,
                on_lost=self._lost,
            )
        return self._consumer

    def _new_member(self) -> Consumer:
        settings: dict[str, Any] = self._cluster.settings(
            group_id=self._group_id,
            partition_assignment_strategy="cooperative-sticky",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            enable_auto_offset_store=False,
            session_timeout_ms=SESSION_MS,
            fetch_wait_max_ms=100,
        )
        return Consumer({**settings, "error_cb": self._on_error})

    def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._held.clear()
        self._out, self._paused, self._suspicion, self._failure = 0, [], False, None
        if consumer is not None:
            consumer.close()

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._suspicion = True
        else:
            self._fault(error)

    def _fault(self, error: KafkaError) -> None:
        """Raised by `_check`, not out of a callback. What librdkafka mends by itself is only logged."""
        translated = self._cluster.error(error)
        if isinstance(translated, ConfigurationError) or error.fatal():
            self._failure = translated
        else:
            log.debug("kafka_error", group=self._group_id, error=error.str())

    def _check(self, consumer: Consumer) -> None:
        """librdkafka tells that nobody answers, and never that somebody does again: ask."""
        if self._failure is not None:
            raise self._failure
        if self._suspicion:
            consumer.list_topics(timeout=_ASK_AGAIN)
            self._suspicion = False


def _headers(message: Message) -> list[tuple[str, str]]:
    headers: Any = message.headers() or ()
    return [(name, (value or b"").decode("utf-8", "replace")) for name, value in headers]
