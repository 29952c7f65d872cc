"""How far a group is in one partition. Kafka keeps one offset; what else must be known travels in its metadata.

So messages may be acknowledged in any order, and a successor knows which ones its predecessor had in hand: the idea of
Confluent's Parallel Consumer, <https://github.com/confluentinc/parallel-consumer>.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

MAX_SPAN = 20_000
"""Offsets above the first unacknowledged one of which we remember that they are done: 3.4 kB of the 4 kB Kafka takes.
Beyond, behind a message that takes very long, done ones may come again.
"""
_METADATA = re.compile(r"(?P<high>[0-9]+):(?P<bits>([\w+/]{4})*([\w+/]{2}==|[\w+/]{3}=)?)", re.ASCII)


class Progress:
    """Everything below `low` is done; of what follows up to `high`, which was handed out, only some."""

    def __init__(self, offset: int, *, high: int | None = None, ahead: Iterable[int] = ()) -> None:
        self.high = offset if high is None else high
        self._inherited = self.high
        self._next = offset
        self._out: set[int] = set()
        self._ahead = set(ahead)
        self._saved: tuple[int, str] = (offset, self.metadata)

    @classmethod
    def read(cls, offset: int, metadata: str) -> Progress:
        """From a commit. Metadata that is not ours says nothing."""
        ours = _METADATA.fullmatch(metadata)
        if ours is None:
            return cls(offset)
        mask = int.from_bytes(base64.b64decode(ours["bits"]), "little")
        ahead = (offset + place for place in range(mask.bit_length()) if mask >> place & 1)
        return cls(offset, high=int(ours["high"]), ahead=ahead)

    @property
    def low(self) -> int:
        return min(self._out, default=self._next)

    @property
    def outstanding(self) -> int:
        return len(self._out)

    @property
    def metadata(self) -> str:
        low = self.low
        mask = sum(1 << offset - low for offset in self._ahead if low <= offset < low + MAX_SPAN)
        bits = base64.b64encode(mask.to_bytes((mask.bit_length() + 7) // 8, "little")).decode()
        return f"{self.high}:{bits}"

    def take(self, offset: int) -> bool:
        """The log's next message; False where it is done already."""
        self._next = offset + 1
        if offset in self._ahead:
            return False
        self._out.add(offset)
        self.high = max(self.high, offset + 1)
        return True

    def was_handed_out_before(self, offset: int) -> bool:
        """By a predecessor, who may have begun to handle it."""
        return offset < self._inherited

    def done(self, offset: int) -> None:
        self._out.discard(offset)
        self._ahead.add(offset)

    def unsaved(self) -> tuple[int, str] | None:
        """Offset and metadata to commit, where they are not what was committed last."""
        now = (self.low, self.metadata)
        return None if now == self._saved else now

    def saved(self, commit: tuple[int, str]) -> None:
        self._saved = commit
        self._ahead = {offset for offset in self._ahead if offset >= commit[0]}
