"""The load's own log of what the shop's API answered: the truth that everything else is checked against.

One JSON object a line, on disk before the next step is taken: `asked` before a request leaves, then one of
`acknowledged`, `refused` and, where the connection broke too often, `in doubt`.
"""

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ASKED, ACKNOWLEDGED, REFUSED, IN_DOUBT = "asked", "acknowledged", "refused", "in doubt"
ORDER, CANCEL, REFUND, RESTOCK = "order", "cancel", "refund", "restock"


@dataclass(slots=True)
class Write:
    """One thing a client wanted: `about` what it asked, `answer` what it was told, `state` how that ended.

    `id` is the correlation id that went with each attempt, and its idempotency key.
    """

    id: str
    what: str
    about: dict[str, Any] = field(default_factory=dict)
    state: str = ASKED
    answer: dict[str, Any] = field(default_factory=dict)


class WriteLog:
    """Thread-safe. Each line is flushed to the disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x", encoding="utf-8")
        self._lock = threading.Lock()
        self.acknowledged = 0
        self.refused = 0

    def asked(self, write: Write) -> None:
        self._line({"id": write.id, "state": ASKED, "what": write.what, "about": write.about})

    def answered(self, write: Write, state: str, answer: dict[str, Any]) -> None:
        with self._lock:
            self.acknowledged += state == ACKNOWLEDGED
            self.refused += state == REFUSED
        self._line({"id": write.id, "state": state, "answer": answer})

    def close(self) -> None:
        self._file.close()

    def _line(self, entry: dict[str, Any]) -> None:
        text = json.dumps(entry) + "\n"
        with self._lock:
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())


def read(path: Path) -> Sequence[Write]:
    """In the order of their answers; those without one come last."""
    asked: dict[str, Write] = {}
    answered: dict[str, Write] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["state"] == ASKED:
            asked[entry["id"]] = Write(entry["id"], entry["what"], entry["about"])
            continue
        write = answered[entry["id"]] = answered.pop(entry["id"], None) or asked.pop(entry["id"])
        write.state, write.answer = entry["state"], entry["answer"]
    return [*answered.values(), *asked.values()]
