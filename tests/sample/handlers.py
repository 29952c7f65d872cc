import os
import signal

from strangler.inbox import subscribe
from tests.sample.events import StepTaken
from tests.sample.models import Effect

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
