"""W3C Trace Context: <https://www.w3.org/TR/trace-context/>. An active OpenTelemetry span wins over our own ids."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from opentelemetry import trace

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def is_valid(traceparent: str | None) -> bool:
    return traceparent is not None and _TRACEPARENT.fullmatch(traceparent) is not None


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def children_of(traceparent: str) -> Callable[[], str]:
    """The same trace, each time a new span: what a message carries when the work `traceparent` names caused it."""
    version, trace_id, _, flags = traceparent.split("-")
    return lambda: f"{version}-{trace_id}-{secrets.token_hex(8)}-{flags}"


def active_span() -> str | None:
    """The traceparent of the OpenTelemetry span in force, or None where no SDK records one."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"
