from threading import Event
from time import monotonic

from monolith.commands import SettleCommand
from monolith.payments import settling
from monolith.payments.owners import CONTEXT
from monolith.settling import Progress, Settled
from strangler.conf import StageSetting
from strangler.cutover.stages import setting_of

EVERYTHING_AGAIN = 60.0
"""Seconds after which all payments of this side are looked at again, although the stage is the same."""


class Command(SettleCommand):
    help = (
        "Bring the ownership of payments to where the stage of payments wants it: hand them over to the service, or "
        "ask them back, and do the requests that waited for it. Without --follow: one round. It may be killed and run "
        "again at any time, and several may run at once."
    )
    words = {
        "handed_over": "handed over",
        "recalled": "asked back",
        "pursued": "requests done or asked again",
        "busy": "left for later, being worked on",
    }
    _looked: tuple[StageSetting, float] | None = None
    """At which stage, and when, all of this side's were looked at and nothing was left."""

    def follow(self, stop: Event, interval: float) -> None:
        self._looked = None
        super().follow(stop, interval)

    def settle(self, stop: Event, progress: Progress) -> Settled:
        """All of this side's are looked at after a change of stage, while something is left, and now and then."""
        stage, now = setting_of(CONTEXT), monotonic()
        looked = self._looked
        everything = looked is None or looked[0] != stage or now - looked[1] > EVERYTHING_AGAIN
        done = settling.settle(stop=stop, progress=progress, everything=everything)
        if everything:
            self._looked = None if done.busy else (stage, now)
        return done

    def still_away(self) -> int:
        return settling.still_away()
