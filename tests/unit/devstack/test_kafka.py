"""The broker of the Java stack, real."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from devstack import java_server
from devstack.kafka import NativeKafka
from devstack.processes import ProcessFailed
from tests.stack import servers
from tests.unit.devstack.conftest import Owner, wait_until_gone

QUIET = {"log_level": 0}


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeKafka]:
    servers.require_native_kafka()
    with NativeKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


def _make_topic(kafka: NativeKafka, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, **QUIET})
    for made in admin.create_topics([NewTopic(name, 1, 1)]).values():
        made.result(timeout=30)


def _produce(kafka: NativeKafka, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all", **QUIET})
    producer.produce(topic, value)
    assert producer.flush(30) == 0


def _first(kafka: NativeKafka, topic: str) -> bytes | None:
    options = {"bootstrap.servers": kafka.bootstrap, "group.id": topic, "auto.offset.reset": "earliest", **QUIET}
    consumer = Consumer(options)
    consumer.subscribe([topic])
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                return message.value()
    finally:
        consumer.close()
    return None


def test_a_message_and_a_port_survive_kill_9(kafka: NativeKafka) -> None:
    url = kafka.url
    _make_topic(kafka, "kept")
    _produce(kafka, "kept", b"42")
    server = psutil.Process(kafka.pid)
    kafka.kill()
    wait_until_gone([server])
    kafka.start()
    assert kafka.url == url
    assert _first(kafka, "kept") == b"42"


def test_a_cluster_id_that_begins_with_a_dash_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of 64 does."""
    servers.require_native_kafka()
    monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(int=0b111110 << 122 | 7))
    with NativeKafka(tmp_path):
        written = (tmp_path / "data" / "meta.properties").read_text(encoding="utf-8")
    assert "cluster.id=-" in written


def test_a_port_that_was_taken_meanwhile_is_replaced(kafka: NativeKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka.stop()
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", 0))
        thief.listen()
        stolen = thief.getsockname()[1]
        answers = iter([stolen])
        kept_port = java_server.kept_port
        monkeypatch.setattr(
            java_server, "kept_port", lambda wanted, last: next(answers, None) or kept_port(wanted, last)
        )
        kafka.start()
        assert kafka.port != stolen
        _make_topic(kafka, "elsewhere")


def test_topics_are_not_made_by_using_them(kafka: NativeKafka) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap, **QUIET})
    assert admin.list_topics("misspelt", timeout=30).topics["misspelt"].error is not None
    assert "misspelt" not in admin.list_topics(timeout=30).topics


def test_it_listens_on_the_loopback_interface_only(kafka: NativeKafka) -> None:
    listening = [c for c in psutil.Process(kafka.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}


def test_a_second_owner_is_refused_by_the_name_of_the_first(kafka: NativeKafka) -> None:
    with pytest.raises(ProcessFailed, match=rf"already running \(pid {kafka.pid}\), started by process"):
        NativeKafka(kafka.root).start()
    assert kafka.running


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    servers.require_native_kafka()
    program = "from devstack.kafka import NativeKafka\n"
    owner = Owner(f"{program}print(NativeKafka(Path({str(tmp_path)!r})).start().pid)")
    server = owner.started()
    owner.kill_9()
    wait_until_gone([server])


def test_a_start_that_fails_says_why(kafka: NativeKafka, tmp_path: Path) -> None:
    broken = NativeKafka(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=7\n")
    with pytest.raises(ProcessFailed, match=r"(?s)Kafka in .* did not start.*--- errors in .*[Nn]ode id 7"):
        broken.start()
    assert not broken.running
