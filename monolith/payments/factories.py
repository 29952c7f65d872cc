from decimal import Decimal

import factory

from monolith.payments.models import LedgerEntry, Ownership, Payment, PaymentRequest
from monolith.payments.ownership import hand_over
from monolith.payments.services import Wanted, authorise, capture, charge, give_back, refund, request

Kind = LedgerEntry.Kind


class PaymentFactory(factory.Factory):
    """A paid one, with its ledger, e-mails and events; `PaymentFactory(captured=False)` is authorised and no more."""

    class Meta:
        model = Payment

    order_number = factory.Sequence(lambda n: f"S-TEST-{n:04d}")
    amount = Decimal("100.00")
    currency = "EUR"
    card_token = "tok_visa"  # noqa: S105
    customer_email = "ada@example.com"
    customer_name = "Ada Lovelace"
    captured = True

    @classmethod
    def _create(cls, _model: type[Payment], *_args: object, captured: bool, **arguments: object) -> Payment:
        return charge(**arguments) if captured else authorise(**arguments)


class LedgerEntryFactory(factory.Factory):
    """An entry of `kind` over all that can be, made by the service that writes such entries."""

    class Meta:
        model = LedgerEntry

    kind = Kind.CAPTURED
    payment = factory.SubFactory(
        PaymentFactory, captured=factory.LazyAttribute(lambda payment: payment.factory_parent.kind == Kind.REFUNDED)
    )

    @classmethod
    def _create(cls, _model: type[LedgerEntry], *_args: object, kind: str, payment: Payment) -> LedgerEntry:
        makes = {Kind.CAPTURED: capture, Kind.REFUNDED: refund, Kind.VOIDED: give_back}
        if kind in makes:
            makes[kind](payment.order_number)
        return payment.entries.filter(kind=kind).latest("id")


class OwnershipFactory(factory.Factory):
    """Of an authorised payment that was handed over to the service."""

    class Meta:
        model = Ownership

    payment = factory.SubFactory(PaymentFactory, captured=False)

    @classmethod
    def _create(cls, _model: type[Ownership], *_args: object, payment: Payment) -> Ownership:
        hand_over([payment.order_number])
        return Ownership.objects.get(order_number=payment.order_number)


class PaymentRequestFactory(factory.Factory):
    """All of a payment is to be captured, for which the service was asked."""

    class Meta:
        model = PaymentRequest

    order_number = factory.LazyFunction(lambda: OwnershipFactory().order_number)

    @classmethod
    def _create(cls, _model: type[PaymentRequest], *_args: object, order_number: str) -> PaymentRequest:
        return PaymentRequest.objects.get(request=request(Wanted("capture", order_number)).awaited)
