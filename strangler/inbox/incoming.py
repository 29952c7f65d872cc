"""A delivery, read as far as it can be read: even bytes that are no message must be kept for a person to see."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID, uuid5

from strangler.brokers import Delivery
from strangler.errors import InvalidEnvelope
from strangler.messaging import Envelope, decode

_UNREADABLE = UUID("8d9c2f4e-6f0b-5c53-9d6f-2f3a51f0c0de")
_MAX_TYPE, _MAX_KEY = 255, 511


@dataclass(frozen=True, slots=True)
class Incoming:
    """`envelope` is None for an unreadable message; `fault` then says why."""

    id: UUID
    key: str
    type: str
    delivery: Delivery
    envelope: Envelope | None
    fault: str = ""

    @property
    def redelivered(self) -> bool:
        return self.delivery.redelivered

    @property
    def text(self) -> str:
        """What can be stored of it."""
        return _text(self.delivery.body)


def read(delivery: Delivery) -> Incoming:
    try:
        envelope = decode(delivery.body)
    except InvalidEnvelope as error:
        return _unreadable(delivery, str(error))
    if len(envelope.type) > _MAX_TYPE or len(envelope.partitionkey) > _MAX_KEY or "\x00" in envelope.partitionkey:
        return _unreadable(delivery, f"type over {_MAX_TYPE} or partitionkey over {_MAX_KEY} characters, or a NUL")
    return Incoming(envelope.id, envelope.partitionkey, envelope.type, delivery, envelope)


def _unreadable(delivery: Delivery, fault: str) -> Incoming:
    """Its id is made of its bytes, so that a redelivery is seen as one; its key is its own unless it says otherwise."""
    digest = hashlib.sha256(delivery.body).hexdigest()
    said = _as_object(_text(delivery.body))
    return Incoming(
        id=uuid5(_UNREADABLE, digest),
        key=_storable(said.get("partitionkey") or f"unreadable:{digest}", _MAX_KEY),
        type=_storable(said.get("type") or "unreadable", _MAX_TYPE),
        delivery=delivery,
        envelope=None,
        fault=fault,
    )


def _storable(value: object, length: int) -> str:
    return str(value).encode("utf-8", errors="replace").decode().replace("\x00", "")[:length]


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")


def _as_object(text: str) -> dict[str, object]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
