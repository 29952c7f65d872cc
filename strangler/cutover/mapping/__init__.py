"""What holds a monolith's contexts together, read from its code: the map to choose from what to take out next."""

from strangler.cutover.mapping.contexts import Context, Tie, context_map

__all__ = ["Context", "Tie", "context_map"]
