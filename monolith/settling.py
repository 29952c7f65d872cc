"""Brings what shop and service own by turns to where the stage wants it, a batch in a transaction, as often as needed.

What is done is done: whoever kills it and starts it again goes on. Several at once don't get in each other's way.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

from django.db import transaction

from strangler.conf import Stage
from strangler.cutover import monolith_serves, stage_of

RECALL_AGAIN = timedelta(seconds=30)
"""After which what was asked back, and has not come, is asked back once more."""
_AT_HOME = {Stage.MONOLITH, Stage.EMITTING, Stage.SHADOW}
_AWAY = {Stage.EXTRACTED, Stage.RETIRED}


@dataclass(slots=True)
class Settled:
    """What one round has done. `pursued` waited for the service; `busy` is what could not be handed over now."""

    handed_over: int = 0
    recalled: int = 0
    pursued: int = 0
    busy: int = 0


Progress = Callable[[Settled], None]
KeysAfter = Callable[[str], list[str]]
"""The next batch of keys, in order; empty where there are no more."""


def settle_round(
    hands: Iterable[Callable[[Settled], Iterator[None]]],
    work_off: Callable[[], int],
    *,
    stop: Event | None,
    progress: Progress,
) -> Settled:
    """Through all batches of these hands, then what waited; it ends early when `stop` is set."""
    done, stop = Settled(), stop or Event()
    for hand in hands:
        for _ in hand(done):
            progress(done)
            if stop.is_set():
                return done
    while came := work_off():
        done.pursued += came
        progress(done)
    return done


def hand_over_all(
    context: str, keys_after: KeysAfter, hand_over: Callable[[list[str]], list[str]]
) -> Iterator[tuple[list[str], list[str]]]:
    """To the service, what the stage wants there. Yields of each batch, once committed, what went and what did not."""
    if stage_of(context) in _AT_HOME:
        return
    for keys in _batches(keys_after):
        with transaction.atomic():
            wanted = [key for key in keys if not monolith_serves(context, key=key)]
            given = hand_over(wanted) if wanted else []
        yield given, sorted(set(wanted).difference(given))


def recall_all(context: str, keys_after: KeysAfter, recall: Callable[[list[str]], list[str]]) -> Iterator[list[str]]:
    """What the stage wants here. Yields of each batch, once committed, what was asked back."""
    if stage_of(context) in _AWAY:
        return
    for keys in _batches(keys_after):
        with transaction.atomic():
            wanted = [key for key in keys if monolith_serves(context, key=key)]
            asked = recall(wanted) if wanted else []
        yield asked


def wanted_here(context: str, keys: Iterable[str]) -> int:
    """How many of them the stage wants here."""
    if stage_of(context) in _AWAY:
        return 0
    with transaction.atomic():
        return sum(monolith_serves(context, key=key) for key in keys)


def _batches(keys_after: KeysAfter) -> Iterator[list[str]]:
    last = ""
    while keys := keys_after(last):
        yield keys
        last = keys[-1]
