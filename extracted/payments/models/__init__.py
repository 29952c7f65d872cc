from extracted.payments.models.calls import CircuitBreaker, GatewayAttempt, GatewayCall
from extracted.payments.models.fraud import PaymentFlag, Sighting
from extracted.payments.models.ledger import LedgerAccount, LedgerPosting
from extracted.payments.models.ownership import Owner, Ownership
from extracted.payments.models.requests import PaymentRequest
from extracted.payments.models.shadow import ShadowOutcome
from extracted.payments.models.views import PaymentView

__all__ = [
    "CircuitBreaker",
    "GatewayAttempt",
    "GatewayCall",
    "LedgerAccount",
    "LedgerPosting",
    "Owner",
    "Ownership",
    "PaymentFlag",
    "PaymentRequest",
    "PaymentView",
    "ShadowOutcome",
    "Sighting",
]
