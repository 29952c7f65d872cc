"""What the service makes of a fact, beside what the monolith says the payment has become by it.

Facts of one payment come in order, so a difference is one of logic or of the copy. What the monolith refused is told by
no event, and is not compared; nor is what it did before the stage `shadow`, where the copy may lack what no backfill
has told yet.
"""

from extracted.payments.domain.state import PaymentState
from extracted.payments.events import PaymentAuthorised, PaymentCaptured, PaymentEvent, PaymentRefunded
from extracted.payments.models import ShadowOutcome
from extracted.payments.selectors import mismatches
from strangler.cutover.service.comparisons import comparisons
from strangler.cutover.service.report import Compared

Cause = ShadowOutcome.Cause


def compared_with(state: PaymentState, event: PaymentEvent) -> ShadowOutcome:
    """Of the amounts that the fact tells, and of the status, where it does."""
    match event:
        case PaymentAuthorised():
            what, theirs, ours = "authorised", event.amount, state.authorised
        case PaymentCaptured():
            what, theirs, ours = "captured", event.captured_total, state.captured
        case PaymentRefunded():
            what, theirs, ours = "refunded", event.refunded_total, state.refunded
        case _:
            what, theirs, ours = "released", event.amount, state.released
    other_status = bool(event.status) and event.status != state.status
    return ShadowOutcome(
        order_number=event.order_number,
        fact=event.event_type,
        theirs=f"{what} {theirs}, {event.status or 'no status told'}",
        ours=f"{what} {ours}, {state.status or 'none'}",
        cause=Cause.AMOUNTS if theirs != ours else Cause.STATUS if other_status else Cause.NONE,
    )


@comparisons("facts")
def compared() -> Compared:
    latest = mismatches().order_by("-id").values_list("id", flat=True).first() or 0
    return Compared(
        total=ShadowOutcome.objects.count(),
        mismatches=mismatches().count(),
        clean_run=ShadowOutcome.objects.filter(id__gt=latest).count(),
    )
