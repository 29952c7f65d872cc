from datetime import timedelta

from extracted.inventory.retention import prune_changes, prune_outcomes
from strangler.commands import PruneCommand


class Command(PruneCommand):
    help = (
        "Forget changes of stock that were answered long ago, and old comparisons of the shadow but for the newest "
        "10,000, in bounded batches. Run it daily."
    )

    def prune(self, older_than: timedelta, age: str) -> str:
        changes, outcomes = prune_changes(older_than=older_than), prune_outcomes(older_than=older_than)
        return f"{changes} stock changes and {outcomes} comparisons older than {age}"
