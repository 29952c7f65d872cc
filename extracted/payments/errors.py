"""Why a request is refused. The text is shown to people, so it says the way out; `code` is for programs."""

from typing import ClassVar

from strangler.errors import StranglerError


class PaymentsError(StranglerError):
    """Root of the service's errors; codes are those of `PaymentRequestRefused`."""

    code: ClassVar[str] = "invalid"


class PaymentDeclined(PaymentsError):
    """The card is not charged."""

    code = "payment_declined"


class CaptureTooLarge(PaymentsError):
    """More should be captured than is authorised."""

    code = "capture_too_large"


class RefundTooLarge(PaymentsError):
    """More should be given back than was paid."""

    code = "refund_too_large"


class NotFound(PaymentsError):
    """There is no payment for this order."""

    code = "not_found"


class GatewayUnavailable(PaymentsError):
    """The gateway did not answer in time."""

    code = "gateway_unavailable"


class Unbalanced(PaymentsError):
    """The postings of an event do not add up to nothing: a mistake in the code, which must not reach the ledger."""

    code = "unbalanced"
