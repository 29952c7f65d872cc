from strangler.messaging import Event


class StepTaken(Event, type="sample.step_taken", version=1, aggregate="thing", key="thing"):
    """`mood` tells the handler what to do: ok, fail (always), crash (kills its process)."""

    thing: str
    step: int
    mood: str = "ok"


class StepIgnored(Event, type="sample.step_ignored", version=1, aggregate="thing", key="thing"):
    """Nobody subscribes to this one."""

    thing: str
    step: int
