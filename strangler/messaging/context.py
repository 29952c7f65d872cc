"""Which request or message the code at hand works for: HTTP request → publish → relay → consume → next publish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strangler.messaging import trace
from strangler.messaging.ids import new_id

if TYPE_CHECKING:
    from strangler.messaging.envelope import Envelope


@dataclass(frozen=True, slots=True)
class WorkContext:
    """`correlation_id` names the whole conversation, `causation_id` the message that caused this step of it."""

    correlation_id: str
    causation_id: str | None
    traceparent: str
    incoming: Envelope | None = None


_current: ContextVar[WorkContext | None] = ContextVar("strangler_work_context", default=None)
_batch: ContextVar[tuple[Envelope, ...]] = ContextVar("strangler_batch", default=())


def current() -> WorkContext:
    """The context in force; a fresh one, not kept, where nobody opened one (a shell, a cron job)."""
    context = _current.get() or WorkContext(str(new_id()), None, trace.new_traceparent())
    span = trace.active_span()
    if span is None:
        return context
    return WorkContext(context.correlation_id, context.causation_id, span, context.incoming)


def incoming_message() -> Envelope | None:
    """The message being handled, or None outside a handler."""
    context = _current.get()
    return context.incoming if context else None


def incoming_messages() -> tuple[Envelope, ...]:
    """The messages being handled: in a handler of batches that of each event, in order; none outside a handler."""
    message = incoming_message()
    return (message,) if message else _batch.get()


@contextmanager
def working_for_batch(envelopes: Sequence[Envelope]) -> Iterator[None]:
    """What is published inside belongs to the conversation of none of them."""
    token = _batch.set(tuple(envelopes))
    try:
        yield
    finally:
        _batch.reset(token)


@contextmanager
def working_for_request(correlation_id: str | None, traceparent: str | None = None) -> Iterator[WorkContext]:
    """Everything published inside belongs to this request. An invalid traceparent starts a trace of its own."""
    parent = traceparent if traceparent and trace.is_valid(traceparent) else trace.new_traceparent()
    with _Entered(WorkContext(correlation_id or str(new_id()), None, parent)) as context:
        yield context


def working_for_message(envelope: Envelope) -> AbstractContextManager[WorkContext]:
    """Everything published inside is caused by `envelope` and belongs to its conversation."""
    return _Entered(WorkContext(envelope.correlationid, str(envelope.id), envelope.traceparent, incoming=envelope))


def working_on(
    correlation_id: str, traceparent: str, *, incoming: Envelope | None = None
) -> AbstractContextManager[WorkContext]:
    """Everything published inside belongs to that conversation, whoever goes on with it; `incoming` is its cause."""
    if incoming is None:
        return _Entered(WorkContext(correlation_id, None, traceparent))
    nearer = incoming.traceparent if incoming.correlationid == correlation_id else traceparent
    return _Entered(WorkContext(correlation_id, str(incoming.id), nearer, incoming))


class _Entered:
    """No generator: each message that is handled enters one."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: WorkContext) -> None:
        self._context = context

    def __enter__(self) -> WorkContext:
        self._token = _current.set(self._context)
        return self._context

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
