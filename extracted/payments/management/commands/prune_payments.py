from datetime import timedelta

from extracted.payments import fraud, retention
from strangler.commands import PruneCommand


class Command(PruneCommand):
    help = (
        "Forget requests that were answered long ago, calls of the gateway that ended then, old comparisons of the "
        "shadow but for the newest 10,000, and what no window of the fraud check reaches any more, in bounded batches. "
        "Streams and ledger stay. Run it daily."
    )

    def prune(self, older_than: timedelta, age: str) -> str:
        deleted = {**retention.prune(older_than=older_than), "sightings": fraud.prune()}
        return ", ".join(f"{count} {name}" for name, count in deleted.items())
