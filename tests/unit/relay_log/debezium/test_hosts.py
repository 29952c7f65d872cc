"""What Debezium Server and Kafka Connect are told, from the same settings as the relay in this process."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from strangler.brokers.names import topic_name
from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.debezium import config, hosts
from strangler.relay.log.source import source_of

URL = "postgresql://reader:s%40cret@db.example:6543/shop?sslmode=require"
CDC = CdcSettings.model_validate({"DATABASE_URL": URL})
SOURCE = source_of(CDC)
RABBIT = hosts.rabbit_of("amqp://sh%40op:pa%2Fss@mq.example:5673/orders%2Feu")
SERVER = hosts.server(CDC, SOURCE, RABBIT, exchange="events")
CONNECT = hosts.connect(CDC, SOURCE, exchange="events")


def in_server(name: str) -> str | None:
    return SERVER.get(f"debezium.source.{name}") or SERVER.get(f"debezium.{name}")


def printed(host: str) -> str:
    output = io.StringIO()
    call_command("debezium", "config", "--host", host, stdout=output)
    return output.getvalue()


def test_the_hosts_differ_from_the_shared_properties_only_in_where_an_event_goes_and_the_password() -> None:
    shared = config.shared(CDC, SOURCE)
    own = {"database.password", "transforms.outbox.route.by.field", "transforms.outbox.route.topic.replacement"}
    for name in shared.keys() - own:
        assert in_server(name) == CONNECT[name] == shared[name]


@pytest.mark.parametrize("properties", [SERVER, CONNECT], ids=["server", "connect"])
def test_no_password_is_in_a_configuration(properties: config.Properties) -> None:
    text = " ".join(properties.values())
    assert "s@cret" not in text
    assert "pa/ss" not in text
    assert "CDC_PASSWORD}" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slot.drop.on.stop", "false"),
        ("snapshot.mode", "no_data"),
        ("publication.autocreate.mode", "disabled"),
        ("offset.mismatch.strategy", "trust_offset"),
        ("errors.max.retries", "-1"),
    ],
)
def test_a_host_never_gives_up_and_never_skips(name: str, value: str) -> None:
    assert in_server(name) == CONNECT[name] == value


def test_the_server_publishes_as_our_own_publisher_does() -> None:
    sink = "debezium.sink.rabbitmq"
    assert SERVER[f"{sink}.exchange"] == "events"
    assert (SERVER[f"{sink}.routingKey.source"], in_server("transforms.outbox.route.by.field")) == (
        "topic",
        "routing_key",
    )
    connection = {name.rpartition("connection.")[2]: v for name, v in SERVER.items() if ".connection." in name}
    assert connection == {
        "host": "mq.example",
        "port": "5673",
        "username": "sh@op",
        "password": "${RABBITMQ_PASSWORD}",
        "virtual.host": "orders/eu",
    }


def test_a_broker_url_with_tls_makes_the_server_check_certificates() -> None:
    properties = hosts.server(CDC, SOURCE, hosts.rabbit_of("amqps://shop:x@mq.example"), exchange="events")
    assert properties["debezium.sink.rabbitmq.connection.port"] == "5671"
    assert properties["debezium.sink.rabbitmq.connection.ssl.verify.hostname"] == "true"
    assert properties["debezium.sink.rabbitmq.connection.virtual.host"] == "/"


def test_what_a_broker_url_leaves_out_is_rabbitmqs_default() -> None:
    assert hosts.rabbit_of("amqp://mq.example") == hosts.Rabbit("mq.example", "5672", "guest", "/")


def test_connect_uses_the_topics_and_the_header_of_our_own_publisher() -> None:
    pytest.importorskip("confluent_kafka")
    from strangler.brokers.kafka import cluster, publisher

    replaced = CONNECT["transforms.outbox.route.topic.replacement"].replace("${routedByValue}", "sample.thing")
    assert replaced == topic_name("events", "sample.thing")
    assert CONNECT["transforms.outbox.table.fields.additional.placement"].endswith(f":header:{publisher.ROUTING_KEY}")
    assert int(CONNECT["producer.override.max.request.size"]) == cluster.MAX_MESSAGE_BYTES


@pytest.mark.parametrize("url", ["kafka://host:9092", "pgmq://host/db", ""])
def test_a_broker_that_the_server_cannot_reach_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r'STRANGLER\["BROKER_URL"\].*host "server" takes amqp://'):
        hosts.rabbit_of(url)


def test_a_broker_that_connect_cannot_reach_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r'STRANGLER\["BROKER_URL"\] is amqp.*host "connect" takes kafka://'):
        hosts.require_kafka("amqp://host/vhost")
    for scheme in ("kafka", "kafkas"):
        hosts.require_kafka(f"{scheme}://host:9092")


@pytest.mark.django_db
class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _configured(self, settings: object) -> None:
        cdc = {"DATABASE_URL": URL, "CONNECTOR": "ours", "SLOT": "our_slot"}
        settings.STRANGLER = {  # type: ignore[attr-defined]
            **settings.STRANGLER,  # type: ignore[attr-defined]
            "BROKER_URL": "kafka://host:9092",
            "CDC": cdc,
        }

    def test_it_prints_what_connect_takes(self) -> None:
        body = json.loads(printed("connect"))
        assert body["name"] == "ours"
        assert body["config"]["slot.name"] == "our_slot"
        assert body["config"]["table.include.list"] == "public.strangler_outbox"

    def test_it_prints_a_properties_file_for_the_embedded_engine_without_the_password(self) -> None:
        text = printed("embedded")
        assert "slot.name=our_slot\n" in text
        assert "database.password=${CDC_PASSWORD}\n" in text

    def test_it_refuses_a_broker_that_the_host_does_not_know(self) -> None:
        with pytest.raises(CommandError, match=r'STRANGLER\["BROKER_URL"\] is kafka'):
            printed("server")
