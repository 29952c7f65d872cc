"""The published language: events, their envelope, their versions. No Django here."""

from strangler.messaging.codec import open_as
from strangler.messaging.context import (
    current,
    incoming_message,
    incoming_messages,
    working_for_batch,
    working_for_message,
    working_for_request,
    working_on,
)
from strangler.messaging.envelope import CONTENT_TYPE, Envelope, decode, encode, seal
from strangler.messaging.event import Event, EventKind
from strangler.messaging.registry import registry
from strangler.messaging.upcasters import upcast, upcaster

__all__ = [
    "CONTENT_TYPE",
    "Envelope",
    "Event",
    "EventKind",
    "current",
    "decode",
    "encode",
    "incoming_message",
    "incoming_messages",
    "open_as",
    "registry",
    "seal",
    "upcast",
    "upcaster",
    "working_for_batch",
    "working_for_message",
    "working_for_request",
    "working_on",
]
