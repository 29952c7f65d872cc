"""The broker as installed on this machine, real."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import kombu
import psutil
import pytest

from devstack.processes import ProcessFailed
from devstack.rabbitmq import NativeRabbitMQ
from tests.unit.devstack.conftest import Owner, wait_until_gone

ABSENT = "RabbitMQ is not installed: apt-get install rabbitmq-server, or set RABBITMQ_HOME"


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeRabbitMQ]:
    if NativeRabbitMQ.find() is None:
        required = "rabbitmq" in os.environ.get("STRANGLER_REQUIRE", "")
        pytest.fail(ABSENT) if required else pytest.skip(ABSENT)
    with NativeRabbitMQ(tmp_path_factory.mktemp("rabbitmq"), stomp=True) as broker:
        yield broker


def test_a_message_a_port_and_an_account_survive_kill_9(rabbitmq: NativeRabbitMQ) -> None:
    url = rabbitmq.url
    confirmed = kombu.Connection(url, transport_options={"confirm_publish": True})
    with confirmed as connection, connection.SimpleQueue("kept") as queue:
        queue.put({"answer": 42}, delivery_mode=2)
    server = psutil.Process(rabbitmq.pid)
    helpers = server.children(recursive=True)
    rabbitmq.kill()
    wait_until_gone([server, *helpers])
    rabbitmq.start()
    assert rabbitmq.url == url
    with kombu.Connection(url) as connection, connection.SimpleQueue("kept") as queue:
        assert queue.get(timeout=10).payload == {"answer": 42}


def test_there_is_one_account_without_any_privilege_outside_its_virtual_host(rabbitmq: NativeRabbitMQ) -> None:
    assert rabbitmq.control("list_users", "--silent").split() == ["strangler", "[]"]
    assert rabbitmq.control("list_vhosts", "--silent").split() == ["strangler"]


def test_it_listens_on_the_loopback_interface_only(rabbitmq: NativeRabbitMQ) -> None:
    listening = [c for c in psutil.Process(rabbitmq.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}


def test_it_speaks_stomp_where_that_was_asked_for(rabbitmq: NativeRabbitMQ, tmp_path: Path) -> None:
    user = urlsplit(rabbitmq.url)
    frame = f"CONNECT\naccept-version:1.2\nhost:strangler\nlogin:{user.username}\npasscode:{user.password}\n\n\0"
    with socket.create_connection(("127.0.0.1", rabbitmq.stomp_port), timeout=10) as connection:
        connection.sendall(frame.encode())
        answer = connection.recv(1000)
    assert answer.startswith(b"CONNECTED")
    with pytest.raises(ProcessFailed, match="has not been started"):
        _ = NativeRabbitMQ(tmp_path).stomp_port


def test_a_failing_control_command_shows_what_it_said(rabbitmq: NativeRabbitMQ) -> None:
    with pytest.raises(ProcessFailed, match=r"(?s)rabbitmqctl delete_vhost nowhere failed:.*nowhere"):
        rabbitmq.control("delete_vhost", "nowhere")


def test_nothing_is_left_when_the_owner_is_killed(rabbitmq: NativeRabbitMQ, tmp_path: Path) -> None:
    assert rabbitmq.running  # a second node beside the first: nothing they use is shared
    program = "from devstack.rabbitmq import NativeRabbitMQ\n"
    owner = Owner(f"{program}print(NativeRabbitMQ(Path({str(tmp_path)!r})).start().pid)")
    server = owner.started()
    family = psutil.Process(owner.popen.pid).children(recursive=True)
    assert server in family
    assert "epmd" in {process.name() for process in family}
    owner.kill_9()
    wait_until_gone(family)


def test_a_home_without_rabbitmq_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RABBITMQ_HOME", str(tmp_path))
    with pytest.raises(ProcessFailed, match="RABBITMQ_HOME is"):
        NativeRabbitMQ.find()
