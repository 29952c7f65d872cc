"""`basic.publish` as bytes, so that many leave in one write; py-amqp writes each by itself, and listens in between.

AMQP 0-9-1, sections 2.3.5 and 4.2: <https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>.
"""

from __future__ import annotations

from struct import Struct, pack

from strangler.brokers.base import OutgoingMessage
from strangler.messaging.envelope import CONTENT_TYPE

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_BASIC, _PUBLISH = 60, 40
_MANDATORY = 1
_PERSISTENT = 2
_HAS_CONTENT_TYPE, _HAS_DELIVERY_MODE, _HAS_MESSAGE_ID = 1 << 15, 1 << 12, 1 << 7
_FRAME = Struct(">BHI")  # type, channel, size
_CONTENT = Struct(">HHQH")  # class, weight, size of the body, which properties follow
FRAME_OVERHEAD = _FRAME.size + len(_END)


class Frames:
    """For one channel and one exchange; `frame_max` bytes is what both sides agreed on."""

    def __init__(self, channel: int, frame_max: int, exchange: str) -> None:
        self._channel = channel
        self._exchange = exchange
        self._body_max = frame_max - FRAME_OVERHEAD
        self._methods: dict[tuple[str, bool], bytes] = {}

    def of(self, message: OutgoingMessage) -> bytes:
        """Persistent, with the message's id as `message_id`."""
        kind = message.routing_key, message.mandatory
        method = self._methods.get(kind)
        if method is None:
            method = self._methods[kind] = self._method(*kind)
        body = message.body
        properties = _FIXED_PROPERTIES + _short(str(message.id))
        header = self._frame(_HEADER, _CONTENT.pack(_BASIC, 0, len(body), _FLAGS) + properties)
        if len(body) <= self._body_max:
            return b"".join((method, header, self._frame(_BODY, body) if body else b""))
        parts = range(0, len(body), self._body_max)
        return b"".join((method, header, *(self._frame(_BODY, body[at : at + self._body_max]) for at in parts)))

    def _method(self, routing_key: str, mandatory: bool) -> bytes:
        names = _short(self._exchange) + _short(routing_key)
        return self._frame(_METHOD, pack(">HHH", _BASIC, _PUBLISH, 0) + names + bytes([_MANDATORY * mandatory]))

    def _frame(self, kind: int, payload: bytes) -> bytes:
        return b"".join((_FRAME.pack(kind, self._channel, len(payload)), payload, _END))


def _short(text: str) -> bytes:
    encoded = text.encode()
    return bytes([len(encoded)]) + encoded


_FLAGS = _HAS_CONTENT_TYPE | _HAS_DELIVERY_MODE | _HAS_MESSAGE_ID
_FIXED_PROPERTIES = _short(CONTENT_TYPE) + bytes([_PERSISTENT])
