"""Rows that are told with others, which everybody wants: what is free is told, and the rest once it is, each once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from threading import Thread

import pytest
from django.db import connection

from strangler.cutover.backfilling import Backfill, backfill_state, runs
from strangler.cutover.backfilling.audience import audience_of
from strangler.cutover.backfilling.chunk import Chunk
from strangler.cutover.backfilling.pace import Pace
from strangler.cutover.backfilling.running import Running
from strangler.cutover.backfilling.teller import Teller
from strangler.cutover.models import BackfillRun
from strangler.errors import BackfillError
from tests.sample.events import ItemChanged
from tests.sample.items import add_in_silence
from tests.sample.models import Effect, Item, Part
from tests.support.waiting import until
from tests.unit.cutover.backfilled import GROUP, Noted, hold, session, somebody_waits, told, without_waiting

pytestmark = pytest.mark.django_db(transaction=True)


def tell(parts: Sequence[Part]) -> Iterable[ItemChanged]:
    return [ItemChanged(item=f"{part.item.number}/{part.value}", value=part.item.value, parts=()) for part in parts]


LEDGER = Backfill("sample.ledger", Part.objects.select_related("item").all, tell, 1, ("item",))


@pytest.fixture
def ledger(group: str) -> list[Part]:
    """Nine entries of three items, in turn."""
    items = add_in_silence(3)
    parts = [Part(item=items[number % 3], value=number) for number in range(9)]
    return Part.objects.bulk_create(parts)


def a_teller(noted: Noted) -> Teller:
    return Teller(
        LEDGER, audience_of(GROUP, LEDGER.context), using="default", pace=Pace(), stop=noted.stop, report=noted
    )


def next_chunk(teller: Teller, run: BackfillRun) -> tuple[Chunk | None, BackfillRun]:
    noted = [run]
    chunk = teller.next(
        *runs.remaining(LEDGER, run, using="default"), lambda each: noted.append(runs.moved(run, each, using="default"))
    )
    return chunk, noted[-1] if chunk else run


def begun() -> BackfillRun:
    return runs.begun(LEDGER, GROUP, restart=False, using="default")


def test_what_is_free_is_told_without_waiting_and_the_rest_once_it_is(ledger: list[Part]) -> None:
    teller = a_teller(Noted())
    with session() as other:
        hold(other, "i1")
        with without_waiting():
            chunk, run = next_chunk(teller, begun())
        assert chunk is not None
        assert (chunk.last, chunk.rows, chunk.cut) == (ledger[0].pk, 6, True)
        assert told() == ["i0/0", "i2/2", "i0/3", "i2/5", "i0/6", "i2/8"]
        assert run.ahead == [str(ledger[number].pk) for number in (2, 3, 5, 6, 8)]
    for _ in range(3):
        chunk, run = next_chunk(teller, run)
    assert told()[6:] == ["i1/1", "i1/4", "i1/7"]
    assert (run.done, run.position, run.ahead) == (9, str(ledger[-1].pk), None)
    assert run.finished_at is not None


def test_one_is_waited_for_with_nothing_in_hand_and_takes_along_what_needs_the_same_lock(ledger: list[Part]) -> None:
    teller = a_teller(Noted())
    with session() as first, session() as second, session() as third:
        for other, number in ((first, "i0"), (second, "i1"), (third, "i2")):
            hold(other, number)
        run = begun()
        assert next_chunk(teller, run) == (None, run)

        def go_on() -> None:
            while next_chunk(teller, run)[0] is None:
                pass
            connection.close()

        worker = Thread(target=go_on)
        worker.start()
        until(somebody_waits, "the first to be waited for")
        second.rollback()
        hold(second, "i1")  # nobody holds it meanwhile
        first.rollback()
        worker.join(timeout=20)
    assert told() == ["i0/0", "i0/3", "i0/6"]


def test_whoever_goes_on_where_another_was_killed_tells_each_once(ledger: list[Part]) -> None:
    with session() as other:
        hold(other, "i0")
        next_chunk(a_teller(Noted()), begun())
    noted = Noted()
    Running(LEDGER, audience_of(GROUP, "sample"), rate=0, restart=False, stop=noted.stop, progress=noted).run()
    assert sorted(told()) == sorted(f"i{number % 3}/{number}" for number in range(9))
    state = backfill_state(GROUP, LEDGER.name)
    assert state is not None
    assert (state.done, state.ahead) == (9, None)


@pytest.mark.parametrize("seed", range(3))
def test_each_is_told_once_whatever_is_held_meanwhile(ledger: list[Part], seed: int) -> None:
    dice, run = random.Random(seed), begun()
    while run.finished_at is None:
        teller = a_teller(Noted())
        teller._pace.size = dice.randint(1, 4)
        with session() as other:
            for number in dice.sample(range(3), dice.randint(0, 2)):
                hold(other, f"i{number}")
            _, run = next_chunk(teller, run)
    assert sorted(told()) == sorted(f"i{number % 3}/{number}" for number in range(9))


@pytest.mark.parametrize(("model", "name"), [(Part, "value"), (Part, "shelf"), (Item, "parts"), (Effect, "thing")])
def test_what_is_no_foreign_key_cannot_be_locked_beside(model: type, name: str) -> None:
    with pytest.raises(BackfillError, match=rf"sample\.odd: beside='{name}' must be a foreign key of {model.__name__}"):
        Backfill("sample.odd", model.objects.all, tell, 1, (name,)).rows()
