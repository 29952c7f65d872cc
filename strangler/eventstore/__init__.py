"""Event store: what happened to an aggregate is its state, kept as an append-only stream in PostgreSQL.

Martin Fowler, "Event Sourcing", <https://martinfowler.com/eaaDev/EventSourcing.html>; Jérémie Chassaing,
"Functional Event Sourcing Decider", <https://thinkbeforecoding.com/post/2021/12/17/functional-event-sourcing-decider>.
"""

from strangler.eventstore.declaring import EventStream, Loaded
from strangler.eventstore.projecting import projection
from strangler.eventstore.recorded import Recorded
from strangler.eventstore.registry import all_streams

__all__ = ["EventStream", "Loaded", "Recorded", "all_streams", "projection"]
