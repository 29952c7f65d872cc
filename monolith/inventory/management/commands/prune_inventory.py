from datetime import timedelta

from monolith.inventory import retention
from strangler.commands import PruneCommand


class Command(PruneCommand):
    help = (
        "Forget changes of stock that the inventory service has answered long ago, in bounded batches. Run it daily. "
        "What is still open, or was asked for a saga that has not ended, stays."
    )

    def prune(self, older_than: timedelta, age: str) -> str:
        return f"{retention.prune(older_than=older_than)} stock changes answered more than {age} ago"
