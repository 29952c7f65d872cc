"""What a test that wrote silently is told: where, what, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from strangler.testing.silent_writes.journal import Silent, Write

_WAY_OUT = """\
Publish the event in the atomic() block that makes the change, for bulk operations with a PublishingQuerySet
(strangler.outbox). Where the test only makes its data: `with allow_silent_writes("why"):`, or name the module in
pytest's option silent_writes_test_code."""


def text_of(silent: Sequence[Silent]) -> str:
    """Each place once: a loop is one mistake."""
    found = dict.fromkeys(_described(each) for each in silent)
    head = "A model whose changes must be events was changed without one" + (":" if len(found) == 1 else ", in places:")
    return "\n".join([head, *found, _WAY_OUT])


def _described(silent: Silent) -> str:
    write = silent.write
    lines = [f"  {write.place}", f"    {write.place.text}"] if write.place.text else [f"  {write.place}"]
    return "\n".join([*lines, f"    {_what(write)}, but {_missed(silent)}"])


def _what(write: Write) -> str:
    rows = "" if write.rows is None else f" of {write.rows} row{'s' * (write.rows != 1)}"
    return f"{write.verb}{rows} on {write.declared.label}"


def _missed(silent: Silent) -> str:
    write = silent.write
    if silent.events:
        return f"its transaction tells of {silent.events} of {write.declared.teller} only"
    if write.outside:
        return f"outside transaction.atomic() no event of {write.declared.teller} can go with it"
    return f"its transaction published no event of {write.declared.teller}"
