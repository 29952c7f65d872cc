"""Which message of a batch may be sent next: many keys at once, but one message of a key.

So a refused message holds back its successors, which with plain pipelining would be under way already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile

from strangler.brokers.base import OutgoingMessage
from strangler.brokers.settling import Settling

WINDOW = 1000
WINDOW_BYTES = 1024 * 1024
"""Small enough that what the broker sends back never blocks while we block on sending."""


class Pipeline:
    def __init__(self, messages: Sequence[OutgoingMessage]) -> None:
        self.settling = Settling()
        self._ready: deque[OutgoingMessage] = deque()
        self._behind: dict[str, deque[OutgoingMessage] | None] = {}
        self._sent: dict[int, OutgoingMessage] = {}
        self._sent_bytes = 0
        self._returned: dict[str, str] = {}
        for message in messages:
            self._queue(message)

    @property
    def finished(self) -> bool:
        return not self._ready and not self._sent

    def next(self) -> OutgoingMessage | None:
        """The next message to send now, or None while the window is full."""
        if not self._ready or len(self._sent) >= WINDOW or (self._sent_bytes >= WINDOW_BYTES and self._sent):
            return None
        return self._ready.popleft()

    def sent(self, tag: int, message: OutgoingMessage) -> None:
        self._sent[tag] = message
        self._sent_bytes += len(message.body)

    def returned(self, message_id: str, reason: str) -> None:
        """The broker's acknowledgement of a message it returned still follows."""
        self._returned[message_id] = reason

    def acknowledged(self, tag: int, multiple: bool, reason: str | None = None) -> None:
        """`reason`: why the broker would not have it."""
        tags = list(takewhile(lambda sent: sent <= tag, self._sent)) if multiple else [tag]
        for each in tags:
            message = self._sent.pop(each)
            self._sent_bytes -= len(message.body)
            self.settle(message, self._returned.pop(str(message.id), reason) if self._returned else reason)

    def settle(self, message: OutgoingMessage, reason: str | None) -> None:
        if reason is not None:
            self.settling.refuse(message, reason)
            self._behind.pop(message.key)
            return
        self.settling.confirm(message)
        if behind := self._behind[message.key]:
            self._ready.append(behind.popleft())

    def send_again(self) -> None:
        """The channel is gone: whatever was under way may or may not have arrived."""
        self._ready.extendleft(reversed(self._sent.values()))
        self._sent.clear()
        self._sent_bytes = 0
        self._returned.clear()

    def _queue(self, message: OutgoingMessage) -> None:
        if message.key not in self._behind:
            self._behind[message.key] = None
            self._ready.append(message)
        elif (queue := self._behind[message.key]) is not None:
            queue.append(message)
        else:
            self._behind[message.key] = deque([message])
