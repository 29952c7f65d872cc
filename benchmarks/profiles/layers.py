"""To which layer a moment of a Python process belongs: that of the innermost frame which anybody can be held to."""

from __future__ import annotations

from collections.abc import Sequence

_LAYERS = (
    ("/psycopg", "psycopg"),
    ("/amqp/", "py-amqp"),
    ("/kombu/", "py-amqp"),
    ("/django/", "Django"),
    ("/pydantic/", "pydantic"),
    ("/strangler/brokers/", "kit: broker"),
    ("/strangler/messaging/", "kit: messaging"),
    ("/strangler/outbox/", "kit: outbox"),
    ("/strangler/relay/", "kit: relay"),
    ("/strangler/inbox/", "kit: inbox"),
    ("/strangler/", "kit: the rest"),
    ("/benchmarks/project/", "handler"),
    ("/benchmarks/bare/", "bare loop"),
)
"""In a file's name, first match. What is not here (the standard library) counts for whoever called it."""
OTHER = "Python"


def layer_of(frames: Sequence[str]) -> str:
    """`frames` as py-spy writes them, outermost first: `function (/path/to/file.py:12)`."""
    for frame in reversed(frames):
        for part, layer in _LAYERS:
            if part in frame:
                return layer
    return OTHER
