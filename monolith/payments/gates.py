"""What only payments knows before it goes on: the stage says who shall own the payments, and rows say who does."""

from datetime import timedelta

from monolith.gates import saga_worker
from monolith.payments.settling import not_settled, requests_that_hang
from strangler.cutover import Stage, Verdict, own_gate

UNANSWERED = timedelta(minutes=1)
"""A request is under way for as long as an event and the gateway take."""


@own_gate("payments", "saga worker", before=(Stage.CANARY, Stage.EXTRACTED))
def looked_after() -> Verdict:
    """From the first payment that the service makes orders wait for answers: somebody sees to those that don't come."""
    return saga_worker("`settle_payments --follow` and the consumers payments-monolith, checkout and orders")


@own_gate("payments", "settled", before=(Stage.CANARY, Stage.EXTRACTED, Stage.RETIRED))
def settled() -> Verdict:
    """Or the next stage would stand on payments that never moved, with `settle_payments` or the service away."""
    payments, requests = not_settled(), requests_that_hang(UNANSWERED)
    return Verdict(
        not payments and not requests,
        f"{payments:,} payments are not where the stage wants them, {requests:,} requests without an answer",
        f"0, and 0 for longer than {UNANSWERED.total_seconds():.0f} s",
        "see to it that `manage.py settle_payments --follow` runs, the consumers and relays of both sides, and the "
        "service's settle_calls; the admin shows what hangs, under Payment requests",
    )
