"""What only inventory knows before it goes on: the stage says who shall own the stock, and rows say who does."""

from datetime import timedelta

from monolith.gates import saga_worker
from monolith.inventory import leaving
from monolith.inventory.settling import changes_that_hang, not_settled
from strangler.cutover import Stage, Verdict, own_gate

UNANSWERED = timedelta(minutes=1)
"""A change of stock is under way for as long as an event takes."""


@own_gate("inventory", "saga worker", before=(Stage.CANARY, Stage.EXTRACTED))
def looked_after() -> Verdict:
    """From the first SKU that the service owns, orders wait for answers: somebody sees to those that don't come."""
    return saga_worker("`settle_stock --follow` and the consumers inventory-monolith, checkout and shipping")


@own_gate("inventory", "settled", before=(Stage.CANARY, Stage.EXTRACTED, Stage.RETIRED))
def settled() -> Verdict:
    """Or the next stage would stand on SKUs that never moved, with `settle_stock` or the service away."""
    skus, changes = not_settled(), changes_that_hang(UNANSWERED)
    return Verdict(
        not skus and not changes,
        f"{skus:,} SKUs are not where the stage wants them, {changes:,} changes of stock without an answer",
        f"0, and 0 for longer than {UNANSWERED.total_seconds():.0f} s",
        "see to it that `manage.py settle_stock --follow` runs, and the consumers and relays of both sides; the admin "
        "shows what hangs, under Stock changes",
    )


@own_gate("inventory", "nothing left", before=[Stage.RETIRED])
def nothing_left() -> Verdict:
    """What only the old code can bring to its end, or only the old tables know."""
    changes, transfers = leaving.changes_of_ours(), leaving.transfers_under_way()
    return Verdict(
        not changes and not transfers,
        f"{changes:,} changes that this side has a part in, {transfers:,} transfers under way",
        "0 and 0",
        "give `manage.py settle_stock` time for the changes; receive or cancel the transfers, in the admin",
    )


@own_gate("inventory", "known stock", before=[Stage.RETIRED])
def known_stock() -> Verdict:
    """What pages and figures go by from then on says what the tables say that go."""
    places = leaving.places_not_known()
    return Verdict(
        not places,
        f"{places:,} places are not known here as the service has them",
        "0",
        "let the service tell them: `python -m extracted.inventory backfill inventory-monolith inventory.stock`",
    )
