"""Does a queue take a routing key? AMQP has no question for it, so a message is sent that every subscriber passes over.

Where an alternate exchange is in force (`unroutable`), RabbitMQ returns nothing: what no queue takes comes by there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from amqp import Message
from amqp.exceptions import NotFound

from strangler.brokers.amqp.session import Server, Session
from strangler.brokers.amqp.topology import declare_exchange
from strangler.errors import BrokerUnavailable

PROBE = "strangler-probe"
"""The message's `type`."""
_EXPIRES_MS = "1000"
_PATIENCE = 10.0


def taken(server: Server, exchange: str, routing_keys: Sequence[str]) -> frozenset[str]:
    """Those that some queue takes."""
    untaken: set[str] = set()
    with server.open() as session, server.translated_errors():
        declare_exchange(session, exchange)
        alternate = f"{exchange}.unroutable"
        catch = _catch(session, alternate, routing_keys) if _exists(session, alternate) else ""
        session.channel.events["basic_return"].add(lambda _error, _exchange, key, _message: untaken.add(key))
        for routing_key in routing_keys:
            _send(session, exchange, routing_key)
        if catch:
            _send(session, alternate, PROBE)
            untaken |= _caught(session, catch)
    return frozenset(routing_keys) - untaken


def _send(session: Session, exchange: str, routing_key: str) -> None:
    """Returns once it is where it belongs, or was returned."""
    probe = Message(b"", type=PROBE, expiration=_EXPIRES_MS)
    session.channel.basic_publish_confirm(probe, exchange, routing_key, mandatory=True)


def _exists(session: Session, exchange: str) -> bool:
    with suppress(NotFound):
        session.channel.exchange_declare(exchange, "topic", passive=True)
        return True
    return False


def _catch(session: Session, alternate: str, routing_keys: Sequence[str]) -> str:
    """A queue of our own for what comes by there; it goes with the session."""
    queue = str(session.channel.queue_declare("", exclusive=True).queue)
    for routing_key in (*routing_keys, PROBE):
        session.channel.queue_bind(queue, alternate, routing_key)
    return queue


def _caught(session: Session, queue: str) -> set[str]:
    """Up to the one that was sent there last, which no other can overtake."""
    found: set[str] = set()
    until = time.monotonic() + _PATIENCE
    while PROBE not in found:
        message = session.channel.basic_get(queue, no_ack=True)
        if message is not None:
            found.add(message.delivery_info["routing_key"])
        elif time.monotonic() > until:
            raise BrokerUnavailable(f"RabbitMQ at {session.address} does not deliver what it has confirmed")
        else:
            time.sleep(0.02)
    return found
