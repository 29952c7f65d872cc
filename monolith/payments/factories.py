from decimal import Decimal

import factory

from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.services import authorise, capture, charge, give_back, refund

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
