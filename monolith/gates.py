"""Gates that several contexts have, each with its own way out."""

from strangler.cutover import Verdict
from strangler.saga.presence import workers


def saga_worker(others: str) -> Verdict:
    """Somebody sees to the orders whose answer from a service does not come. `others` have to run, too."""
    count = workers()
    return Verdict(
        count > 0,
        f"{count} run",
        "at least 1",
        "start `manage.py saga work`, without which an order whose answer is lost stays pending. "
        f"{others} have to run, too",
    )
