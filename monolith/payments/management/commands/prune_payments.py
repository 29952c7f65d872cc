from datetime import timedelta

from monolith.payments import retention
from strangler.commands import PruneCommand


class Command(PruneCommand):
    help = (
        "Forget what the payments service was asked to do and has answered long ago, in bounded batches. Run it daily. "
        "What is still open, or was asked for a saga that has not ended, stays."
    )

    def prune(self, older_than: timedelta, age: str) -> str:
        return f"{retention.prune(older_than=older_than)} payment requests answered more than {age} ago"
