"""`contracts/asyncapi.yaml` is AsyncAPI 3 by its authors' own schema, and says what the brokers really do.

`asyncapi-3.0.0.schema.json.gz` is `schemas/3.0.0-without-$id.json` of the npm package @asyncapi/specs 6.11.1 (Apache
License 2.0, the AsyncAPI Initiative), packed.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from strangler.brokers.amqp.topology import QUEUE_ARGUMENTS
from strangler.brokers.names import queue_name
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import decode

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
OFFICIAL = json.loads(gzip.decompress((Path(__file__).parent / "asyncapi-3.0.0.schema.json.gz").read_bytes()))
DOCUMENT: dict[str, Any] = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text(encoding="utf-8"))
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]


def test_it_is_an_asyncapi_3_document() -> None:
    jsonschema.Draft7Validator(OFFICIAL).validate(DOCUMENT)


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("asyncapi",), "4.0.0"),
        (("operations", "send.orders.order_placed", "action"), "shout"),
        (("channels", "orders.order_placed", "bindings", "amqp", "is"), "carrier pigeon"),
    ],
)
def test_its_authors_schema_would_say_what_is_wrong_with_it(place: tuple[str, ...], wrong: str) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = wrong
    assert not jsonschema.Draft7Validator(OFFICIAL).is_valid(document)


def test_every_reference_inside_it_leads_somewhere() -> None:
    inside = [ref for ref in _references(DOCUMENT) if ref.startswith("#/")]
    assert len(inside) > 100
    for ref in inside:
        found: Any = DOCUMENT
        for step in ref.removeprefix("#/").split("/"):
            found = found[step]
    outside = [ref for ref in _references(DOCUMENT) if not ref.startswith("#/")]
    assert all((CONTRACTS / ref).is_file() for ref in outside)


@pytest.mark.parametrize("name", MESSAGES)
def test_each_example_is_a_message_that_its_schema_allows(name: str) -> None:
    message = MESSAGES[name]
    validator = jsonschema.Draft202012Validator(message["payload"]["schema"], registry=_registry())
    [example] = message["examples"]
    validator.validate(example["payload"])
    assert decode(json.dumps(example["payload"])).type == name
    assert not validator.is_valid({**example["payload"], "data": {}})


def test_a_group_receives_from_the_queue_and_by_the_routing_keys_that_it_declares() -> None:
    groups = [group for group in subscriptions.groups() if f"queue.{group}" in DOCUMENT["channels"]]
    assert "shipping" in groups
    for group in groups:
        channel = DOCUMENT["channels"][f"queue.{group}"]
        amqp = channel["bindings"]["amqp"]
        assert channel["address"] == amqp["queue"]["name"] == queue_name("events", group)
        assert amqp["x-routing-keys"] == sorted(subscriptions.routing_keys(group))
        assert amqp["x-arguments"] == QUEUE_ARGUMENTS
        receive = DOCUMENT["operations"][f"receive.{group}"]
        assert receive["bindings"]["kafka"]["groupId"]["const"] == queue_name("events", group)
        assert receive["bindings"]["amqp"]["ack"] is True


def test_an_event_is_sent_by_its_type_on_rabbitmq_and_into_its_aggregates_topic_on_kafka() -> None:
    channel = DOCUMENT["channels"]["payments.payment_captured"]
    assert channel["address"] == "payments.payment_captured"
    exchange = {"name": "events", "type": "topic", "durable": True, "autoDelete": False}
    assert channel["bindings"]["amqp"] == {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}
    assert channel["bindings"]["kafka"]["topic"] == "events.payments.payment"
    assert DOCUMENT["operations"]["send.payments.payment_captured"]["bindings"]["amqp"]["deliveryMode"] == 2
    assert "`order_number`" in MESSAGES["payments.payment_captured.v1"]["bindings"]["kafka"]["key"]["description"]


def _registry() -> Registry[Any]:
    resources = [
        (path.relative_to(CONTRACTS).as_posix(), DRAFT202012.create_resource(json.loads(path.read_text())))
        for path in CONTRACTS.rglob("*.schema.json")
    ]
    return Registry().with_resources([*resources, *((f"./{name}", each) for name, each in resources)])


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["$ref"]] if "$ref" in value else [ref for part in value.values() for ref in _references(part)]
    return [ref for part in value for ref in _references(part)] if isinstance(value, list) else []
