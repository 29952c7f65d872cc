"""What happens to sagas, as figures. Without an OpenTelemetry SDK they cost next to nothing and go nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry import metrics

transitions = metrics.get_meter("strangler.saga").create_counter(
    "strangler.saga.transitions", unit="{transition}", description="what happened to instances, as their history has it"
)


def count(saga: str, happened: Iterable[tuple[str, str]]) -> None:
    """`happened`: what, and at which step. Call it after the commit."""
    for what, step in happened:
        transitions.add(1, {"saga": saga, "what": str(what), "step": step})
