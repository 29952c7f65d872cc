from threading import Event

from monolith.commands import SettleCommand
from monolith.inventory import settling
from monolith.settling import Progress, Settled


class Command(SettleCommand):
    help = (
        "Bring the ownership of stock to where the stage of inventory wants it: hand SKUs over to the service, or ask "
        "them back, and do the changes of stock that waited for it. Without --follow: one round. It may be killed and "
        "run again at any time, and several may run at once."
    )
    words = {
        "handed_over": "handed over",
        "recalled": "asked back",
        "pursued": "changes done or asked for again",
        "busy": "too busy to be handed over",
    }

    def settle(self, stop: Event, progress: Progress) -> Settled:
        return settling.settle(stop=stop, progress=progress)

    def still_away(self) -> int:
        return settling.still_away()
