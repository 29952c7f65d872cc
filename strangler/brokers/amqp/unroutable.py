"""What no queue took, of a publisher that does not ask whether one did: Debezium Server.

RabbitMQ drops it, unless a policy names an alternate exchange: <https://www.rabbitmq.com/docs/ae>. Our own publishers
do ask (`mandatory`), and an alternate exchange would be an answer. So it is in force for as long as Debezium Server
publishes, and a policy can be taken back, unlike an argument of the exchange.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from amqp import Message

from strangler.brokers.amqp.publisher import AmqpPublisher
from strangler.brokers.amqp.session import Server, Session
from strangler.brokers.amqp.topology import declare_exchange, message_count
from strangler.brokers.base import OutgoingMessage
from strangler.messaging.ids import new_id

_PROBE = "strangler-probe"
_PROBE_SECONDS = 2.0
_BATCH = 30
"""With more than 32 acknowledgements under way to a quorum queue, RabbitMQ holds some back, and forgets those when
the channel closes (seen with 3.10): the messages would be sent again and kept too."""
_ARGUMENTS = {"x-queue-type": "quorum"}


class Unroutable:
    """An exchange and a queue named `<exchange>.unroutable`. Raises `BrokerUnavailable` and `ConfigurationError`."""

    def __init__(self, url: str, exchange: str) -> None:
        self._server = Server(url)
        self._exchange = exchange
        self.name = f"{exchange}.unroutable"

    @property
    def policy(self) -> str:
        """The command that puts it in force, for somebody who may administer RabbitMQ."""
        definition = json.dumps({"alternate-exchange": self.name})
        pattern = f"^{self._exchange}$"
        return f"rabbitmqctl set_policy -p VHOST --apply-to exchanges {self.name} '{pattern}' '{definition}'"

    def declare(self, owners: Iterable[str]) -> None:
        """Keep the events of these owners, and not Debezium's heartbeats, which nobody takes on purpose."""
        with self._server.open() as session, self._server.translated_errors():
            declare_exchange(session, self.name)
            session.channel.queue_declare(self.name, durable=True, auto_delete=False, arguments=_ARGUMENTS)
            for owner in sorted(set(owners)):
                session.channel.queue_bind(self.name, self.name, f"{owner}.#")

    def in_force(self) -> bool:
        """Tell whether RabbitMQ sends there what no queue takes, by a message that no queue takes."""
        with self._server.open() as session, self._server.translated_errors():
            channel = session.channel
            declare_exchange(session, self._exchange)
            declare_exchange(session, self.name)
            catch = channel.queue_declare("", exclusive=True).queue
            channel.queue_bind(catch, self.name, _PROBE)
            channel.confirm_select()
            channel.basic_publish_confirm(Message(b""), self._exchange, _PROBE)
            return _came(session, catch)

    def count(self) -> int:
        """Messages that wait there; 0 where nothing was ever declared."""
        with self._server.open() as session, self._server.translated_errors():
            return message_count(session, self.name)

    def send_again(self) -> int:
        """Publish them again; returns how many found a queue now. The others stay, or come back to the end."""
        before = self.count()
        with self._server.open() as session, AmqpPublisher(self._server, self._exchange) as publisher:
            for start in range(0, before, _BATCH):
                with self._server.translated_errors():
                    taken = _take(session, self.name, min(_BATCH, before - start))
                receipt = publisher.publish([message for message, _ in taken])
                confirmed = set(receipt.confirmed)
                with self._server.translated_errors():
                    for message, tag in taken:
                        if message.id in confirmed:
                            session.channel.basic_ack(tag)
        return before - self.count()


def _came(session: Session, queue: str) -> bool:
    """It was routed before it was confirmed; a moment later it can be fetched."""
    until = time.monotonic() + _PROBE_SECONDS
    while time.monotonic() < until:
        if session.channel.basic_get(queue, no_ack=True) is not None:
            return True
        time.sleep(0.1)
    return False


def _take(session: Session, queue: str, count: int) -> list[tuple[OutgoingMessage, int]]:
    """Not acknowledged: what no queue takes this time either goes back when the session ends."""
    taken = []
    for _ in range(count):
        found: Any = session.channel.basic_get(queue)
        if found is None:
            break
        taken.append((_outgoing(found), found.delivery_tag))
    return taken


def _outgoing(found: Any) -> OutgoingMessage:
    """Whatever is in it: an id tells messages of this batch apart, RabbitMQ asks for no key, the consumer judges."""
    body = found.body.encode() if isinstance(found.body, str) else bytes(found.body)
    routing_key = found.delivery_info["routing_key"]
    return OutgoingMessage(new_id(), topic=routing_key, routing_key=routing_key, key=routing_key, body=body)
