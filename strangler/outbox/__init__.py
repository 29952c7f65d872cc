"""Transactional outbox: publish events in the transaction that makes the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.outbox.publishing import publish, publish_many

__all__ = ["publish", "publish_many"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strangler.outbox import publishing  # imports the model: only once the app registry is ready

    return getattr(publishing, name)
