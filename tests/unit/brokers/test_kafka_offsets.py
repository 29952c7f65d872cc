"""A partition that was just made has no leader for a moment: on a cluster of several brokers, which no test has."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from strangler.brokers.kafka.offsets import offsets

ONE, TWO = TopicPartition("t", 1), TopicPartition("t", 2)


class Admin:
    """Its answers for each partition, one after the other: an offset, or the code of an error."""

    def __init__(self, **answers: list[int]) -> None:
        self._answers = {partition: answers[f"p{partition.partition}"] for partition in (ONE, TWO)}

    def list_offsets(self, wanted: Iterable[TopicPartition], **_: object) -> dict[TopicPartition, Future[Any]]:
        return {partition: _future(self._answers[partition].pop(0)) for partition in wanted}


def _future(answer: int) -> Future[Any]:
    future: Future[Any] = Future()
    if answer >= 0:
        future.set_result(SimpleNamespace(offset=answer))
    else:
        future.set_exception(KafkaException(KafkaError(-answer)))
    return future


def test_it_is_asked_again_until_there_is_one() -> None:
    admin: Any = Admin(p1=[7], p2=[-KafkaError.LEADER_NOT_AVAILABLE, -KafkaError.UNKNOWN_TOPIC_OR_PART, 9])
    assert offsets(admin, [ONE, TWO], OffsetSpec.latest()) == {("t", 1): 7, ("t", 2): 9}


def test_any_other_error_is_raised() -> None:
    admin: Any = Admin(p1=[7], p2=[-KafkaError.TOPIC_AUTHORIZATION_FAILED])
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        offsets(admin, [ONE, TWO], OffsetSpec.latest())
