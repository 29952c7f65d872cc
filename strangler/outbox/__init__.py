"""Transactional outbox: publish events in the transaction that makes the change."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.outbox.bulk import Change, PublishingQuerySet
    from strangler.outbox.publishing import publish, publish_many

__all__ = ["Change", "PublishingQuerySet", "publish", "publish_many"]
_BULK = {"Change", "PublishingQuerySet"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # They import the model: only once the app registry is ready.
    module = import_module("strangler.outbox.bulk" if name in _BULK else "strangler.outbox.publishing")
    return getattr(module, name)
