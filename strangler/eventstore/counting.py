"""What projections are given, as figures. Without an OpenTelemetry SDK they cost next to nothing and go nowhere."""

from __future__ import annotations

from opentelemetry import metrics

_meter = metrics.get_meter("strangler.eventstore")
projected = _meter.create_counter(
    "strangler.eventstore.projected", unit="{event}", description="events that projections were given, by projection"
)
failures = _meter.create_counter(
    "strangler.eventstore.projection_failures", unit="{failure}", description="batches that a projection refused"
)
