"""Idempotent consumer: the broker delivers at least once, the effect happens exactly once, in order per key."""

from strangler.inbox.bridge import send_task
from strangler.inbox.subscriptions import subscribe, subscribe_batch

__all__ = ["send_task", "subscribe", "subscribe_batch"]
