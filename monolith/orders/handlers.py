"""What the payments service says of payments that orders wait for: `manage.py consume --group orders`.

The answers to a checkout are its saga's; these are about patience with it, and about refunds.
"""

from monolith.errors import GatewayUnavailable
from monolith.orders import awaiting
from monolith.payments.events import PaymentRequestDeferred, PaymentRequestDone, PaymentRequestRefused
from strangler.inbox import subscribe

GROUP = "orders"


@subscribe(PaymentRequestDeferred, group=GROUP, alone=True)
def be_patient(event: PaymentRequestDeferred) -> None:
    awaiting.be_patient(event)


@subscribe(PaymentRequestDone, group=GROUP, alone=True)
def finish_refund(event: PaymentRequestDone) -> None:
    if event.action == "refund":
        awaiting.finish_refund(event)


@subscribe(PaymentRequestRefused, group=GROUP, alone=True)
def forget_refund(event: PaymentRequestRefused) -> None:
    """Not where only the bank is away: payments ask again."""
    if event.action == "refund" and event.code != GatewayUnavailable.code:
        awaiting.forget_refund(event)
