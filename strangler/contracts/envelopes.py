"""The envelope as a schema of its own, and an example of an event in it."""

from __future__ import annotations

from typing import Any

from strangler.contracts.language import Published
from strangler.messaging import Envelope
from strangler.messaging.contracts import DIALECT

ENVELOPE_FILE = "envelope.schema.json"


def envelope_schema() -> dict[str, Any]:
    schema = Envelope.model_json_schema(mode="serialization")
    always = {**dict.fromkeys(["specversion", "datacontenttype"]), **dict.fromkeys(schema["required"])}
    about = "CloudEvents 1.0 in structured mode: what every message on the wire looks like."
    return {"$schema": DIALECT, "$id": ENVELOPE_FILE, **schema, "required": list(always), "description": about}


def example_envelope(event: Published) -> dict[str, Any]:
    """With ids and a time that are always the same."""
    data = event.example
    key = str(data.get(event.key, "")) if isinstance(data, dict) else ""
    return {
        "specversion": "1.0",
        "id": "01945c2e-7b00-7000-8000-00000000000e",
        "source": f"{event.source or 'somebody'}/{event.owner}",
        "type": event.wire_type,
        "subject": key,
        "time": "2026-01-31T12:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": event.path,
        "partitionkey": f"{event.topic}:{key}",
        "correlationid": "01945c2e-7b00-7000-8000-00000000000c",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "eventkind": "integration",
        "data": data,
    }
