import os
import signal

from strangler.inbox import subscribe
from strangler.messaging import incoming_message
from tests.sample.events import ItemChanged, ItemRemoved, StepTaken
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
