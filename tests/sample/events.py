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


class ItemChanged(Event, type="sample.item_changed", version=1, aggregate="item", key="item"):
    """The whole item, as it is now."""

    item: str
    value: int
    parts: tuple[int, ...]


class ItemRemoved(Event, type="sample.item_removed", version=1, aggregate="item", key="item"):
    item: str
