import os
import signal

from strangler.inbox import subscribe
from strangler.messaging import incoming_message
from strangler.outbox import publish
from tests.sample.events import ItemChanged, ItemRemoved, LegAsked, LegDone, LegRefused, StepTaken, TripEnded
from tests.sample.models import Effect, ItemCopy

#: steps whose handler fails, by thing: tests mend the cause by emptying it
broken_things: set[str] = set()


class HandlerFailed(Exception):
    pass


@subscribe(StepTaken, group="sample")
def note_the_step(event: StepTaken) -> None:
    Effect.objects.create(consumer_group="sample", thing=event.thing, step=event.step)
    if event.mood == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if event.mood == "fail" or event.thing in broken_things:
        raise HandlerFailed(f"{event.thing} cannot take step {event.step}")


@subscribe(ItemChanged, group="copies")
def copy_the_item(event: ItemChanged) -> None:
    copy, _ = ItemCopy.objects.get_or_create(number=event.item, defaults={"value": 0, "parts": []})
    copy.value, copy.parts = event.value, list(event.parts)
    copy.backfilled += incoming_message().backfill == "copies"
    copy.save()


@subscribe(ItemRemoved, group="copies")
def forget_the_item(event: ItemRemoved) -> None:
    ItemCopy.objects.filter(number=event.item).delete()


@subscribe(LegAsked, group="legs")
def answer_for_the_leg(event: LegAsked) -> None:
    if event.mood == "full":
        publish(LegRefused(trip=event.trip, leg=event.leg, reason=f"the {event.leg} is full"))
    elif event.mood != "deaf" or event.go > 1:
        publish(LegDone(trip=event.trip, leg=event.leg, seat=f"{event.leg} {event.go}"))


@subscribe(TripEnded, group="legs")
def note_the_end(event: TripEnded) -> None:
    Effect.objects.create(consumer_group="told", thing=event.trip, step=0)
