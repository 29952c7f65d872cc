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


class LegAsked(Event, type="sample.leg_asked", version=1, aggregate="trip", key="trip"):
    """A step of a saga asks. `mood` tells who answers what to do: ok, full (refuse), deaf (only from `go` 2 on)."""

    trip: str
    leg: str
    go: int = 1
    mood: str = "ok"


class LegDone(Event, type="sample.leg_done", version=1, aggregate="trip", key="trip"):
    trip: str
    leg: str
    seat: str = ""


class LegRefused(Event, type="sample.leg_refused", version=1, aggregate="trip", key="trip"):
    trip: str
    leg: str
    reason: str


class TripEnded(Event, type="sample.trip_ended", version=1, aggregate="trip", key="trip"):
    trip: str
    outcome: str
