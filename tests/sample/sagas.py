"""A trip: noted, a hotel asked for, a ticket bought, a flight asked for, confirmed. Each leaves an `Effect`."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from datetime import timedelta

from pydantic import BaseModel

from strangler.outbox import publish
from strangler.saga import Saga, Step, Waiting, waiting
from tests.sample.events import LegAsked, LegDone, LegRefused, TripEnded
from tests.sample.models import Effect

#: what fails for now, such as ("t1", "undo hotel"): tests mend the cause by removing it
broken: set[tuple[str, str]] = set()
#: what to do beside, by the same words
beside: dict[tuple[str, str], Callable[[], object]] = {}


class StepFailed(Exception):
    pass


class SoldOut(Exception):
    reason = "the ticket is sold out"


class TripData(BaseModel):
    """`mood` travels with it into other processes: flaky tickets fail now and then, sold_out ones are refused, and who
    goes on with a deadly one is killed now and then, in whatever it does.
    """

    trip: str
    mood: str = "ok"
    asked: int = 0
    seats: tuple[str, ...] = ()
    refusal: str = ""


def note(data: TripData) -> None:
    _act("run note", data)


def buy(data: TripData) -> None:
    _act("run ticket", data)
    if data.mood == "sold_out":
        raise SoldOut
    if data.mood == "flaky" and random.random() < 0.5:
        raise StepFailed(f"no luck with the ticket of {data.trip}")


def confirm(data: TripData) -> None:
    _act("run confirmation", data)
    publish(TripEnded(trip=data.trip, outcome="confirmed"))


def call_off(data: TripData) -> None:
    _act("call off", data)
    publish(TripEnded(trip=data.trip, outcome=data.refusal))


def seated(data: TripData, event: LegDone) -> TripData:
    _act(f"done {event.leg}", data)
    return data.model_copy(update={"seats": (*data.seats, event.seat), "asked": 0})


def refused(data: TripData, refusal: LegRefused | SoldOut | Exception) -> TripData:
    return data.model_copy(update={"refusal": getattr(refusal, "reason", "")})


def asked(leg: str, *, attempts: int = 3) -> Step[TripData]:
    def ask(data: TripData) -> Waiting[TripData]:
        _act(f"run {leg}", data)
        go = data.asked + 1
        publish(LegAsked(trip=data.trip, leg=leg, go=go, mood=data.mood if leg == "hotel" else "ok"))
        return waiting(data.model_copy(update={"asked": go}))

    return Step(
        leg, ask, undo=undoing(leg), done=LegDone, refused=LegRefused, within=timedelta(seconds=1.5), attempts=attempts,
        correlate=lambda event: event.trip if event.leg == leg else None, on_done=seated, on_refused=refused,
    )  # fmt: skip


def undoing(step: str) -> Callable[[TripData], None]:
    return lambda data: _act(f"undo {step}", data)


def _act(what: str, data: TripData) -> None:
    Effect.objects.create(consumer_group=what, thing=data.trip, step=0)
    if data.mood == "deadly" and (data.asked or data.seats) and random.random() < 0.07:
        os.kill(os.getpid(), signal.SIGKILL)
    if (do := beside.get((data.trip, what))) is not None:
        do()
    if (data.trip, what) in broken:
        raise StepFailed(f"{data.trip} cannot {what}")


trips = Saga(
    "trips",
    data=TripData,
    key="trip",
    steps=(
        Step("note", note, undo=undoing("note")),
        asked("hotel"),
        Step("ticket", buy, undo=undoing("ticket"), refusals=(SoldOut,), on_refused=refused, attempts=20),
        asked("flight"),
        Step("confirmation", confirm),
    ),
    compensated=call_off,
)
