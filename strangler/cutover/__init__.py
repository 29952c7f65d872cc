"""Extraction stages: a bounded context leaves the monolith one step at a time, and back."""

from strangler.conf import Stage
from strangler.cutover.stages import monolith_serves, service_serves, stage_of

__all__ = ["Stage", "monolith_serves", "service_serves", "stage_of"]
