"""What only inventory knows before it goes on: the stage says who shall own the stock, and rows say who does."""

from datetime import timedelta

from monolith.inventory.settling import changes_that_hang, not_settled
from strangler.cutover import Stage, Verdict, own_gate

UNANSWERED = timedelta(minutes=1)
"""A change of stock is under way for as long as an event takes."""


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
