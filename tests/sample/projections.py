"""What is read off the sample's streams: each event leaves an `Effect`, in the order in which it was projected.

Who projects one of a stream whose key begins with "deadly" is killed now and then, before the commit.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Sequence

from strangler.eventstore import Recorded, all_streams, projection
from tests.sample.models import Effect
from tests.sample.streams import accounts

#: streams and versions that cannot be handled for now, such as "account-a v3"
broken: set[str] = set()


class ProjectionBroken(Exception):
    pass


def forget_moves() -> None:
    Effect.objects.filter(consumer_group="moves").delete()


def forget_everything() -> None:
    Effect.objects.filter(consumer_group="everything").delete()


@projection("moves", streams=(accounts,), reset=forget_moves)
def note_moves(recorded: Sequence[Recorded]) -> None:
    _note("moves", recorded)


@projection("everything", streams=all_streams, reset=forget_everything)
def note_everything(recorded: Sequence[Recorded]) -> None:
    _note("everything", recorded)


def _note(projection: str, recorded: Sequence[Recorded]) -> None:
    Effect.objects.bulk_create(
        Effect(consumer_group=projection, thing=each.stream, step=each.version) for each in recorded
    )
    if any(each.key.startswith("deadly") for each in recorded) and random.random() < 0.1:
        os.kill(os.getpid(), signal.SIGKILL)
    for each in recorded:
        if f"{each.stream} v{each.version}" in broken:
            raise ProjectionBroken(each)
