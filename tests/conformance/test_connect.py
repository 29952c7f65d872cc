from __future__ import annotations

import pytest

from strangler.brokers import OutgoingMessage, connect
from strangler.errors import BrokerUnavailable, ConfigurationError
from strangler.testing.traffic import message

SECRET = "s3cret"


def nobody_listens(scheme: str) -> str:
    return f"{scheme}://shop:{SECRET}@127.0.0.1:9/events"


@pytest.mark.parametrize("url", ["", "localhost/events", "nats://localhost", "pgmq"])
def test_a_url_no_adapter_takes_is_an_error_that_names_the_setting_and_every_scheme(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r'STRANGLER\["BROKER_URL"\]') as raised:
        connect(url)
    assert all(f"{scheme}://" in str(raised.value) for scheme in ("pgmq", "amqp", "amqps", "kafka", "memory"))


@pytest.mark.parametrize("scheme", ["pgmq", "amqp"])
@pytest.mark.parametrize("password", ["a/s3cret", "a#s3cret", "a?s3cret", "s3cret#@b", "12/s3cret", "%zzs3cret["])
def test_a_password_that_is_not_percent_encoded_is_explained_and_never_shown(scheme: str, password: str) -> None:
    with pytest.raises(ConfigurationError, match="percent-encode") as raised:
        connect(f"{scheme}://shop:{password}@127.0.0.1:9/events").declare("billing", [])
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("scheme", ["pgmq", "amqp"])
def test_a_broker_that_is_not_there_is_named_without_its_password(scheme: str) -> None:
    broker = connect(nobody_listens(scheme))
    with broker.publisher() as publisher, pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:9") as raised:
        publisher.publish([message()])
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("group", ["", "Billing", "bil ling", "billing;drop", ".billing", "a" * 60])
def test_a_group_that_cannot_be_a_queue_is_named(group: str) -> None:
    with pytest.raises(ConfigurationError, match=f"group {group!r}"):
        connect(nobody_listens("pgmq")).declare(group, [])


@pytest.mark.parametrize(
    "routing_key", ["", "orders.*", "orders.#", "orders..placed", "Bestellung.übernommen", "o" * 300]
)
@pytest.mark.parametrize("scheme", ["pgmq", "amqp", "memory"])
def test_a_routing_key_some_broker_would_not_take_is_named(scheme: str, routing_key: str) -> None:
    broker = connect(nobody_listens(scheme))
    with pytest.raises(ConfigurationError, match="consumer group 'billing': routing key"):
        broker.declare("billing", [routing_key])


@pytest.mark.parametrize("exchange", ["", "Events", "my events", "1st"])
def test_an_exchange_name_out_of_the_grammar_is_named(exchange: str) -> None:
    with pytest.raises(ConfigurationError, match=r'STRANGLER\["EXCHANGE"\]'):
        connect("memory://", exchange=exchange)


def test_a_message_with_a_routing_key_out_of_the_grammar_is_refused() -> None:
    bad: OutgoingMessage = message(routing_key="orders.*")
    with connect("memory://").publisher() as publisher:
        assert "'orders.*'" in publisher.publish([bad]).refused[bad.id]
