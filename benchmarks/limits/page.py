"""`docs/limits.md`, written by the run itself."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness import bounds
from benchmarks.harness.outcome import Outcome
from benchmarks.harness.page import DOCS, tables

_HEAD = """\
# Limits

`make limits` has written this page: a {title}. Nothing in it was typed by hand but this head.

What is refused, and where: an event larger than `MAX_EVENT_BYTES` by `publish()`, inside the transaction; one that no
queue takes by the relay, which keeps it in the outbox and says so; a name that some broker could not carry by a check
at the start. Everything else is not refused but waits, and this page says what that costs. What bounds the outbox is
the disk of its database: `manage.py outbox_check` tells, before it is full, that events do not leave it.

What is measured how is at the head of each module in [`benchmarks/limits/`](../benchmarks/limits).

"""


def write(outcome: Outcome, title: str, docs: Path = DOCS) -> None:
    text = _HEAD.format(title=title) + tables(outcome) + bounds.section(outcome)
    (docs / "limits.md").write_text(text, encoding="utf-8")
