from datetime import UTC, datetime
from uuid import uuid4

import factory

from monolith.notifications.models import Email
from monolith.notifications.services import notify
from monolith.payments.events import PaymentCaptured


class PaymentCapturedFactory(factory.Factory):
    class Meta:
        model = PaymentCaptured

    order_number = "S-0000-0000-0001"
    customer_email = "ada@example.com"
    customer_name = "Ada Lovelace"
    amount = "9.90"
    captured_total = factory.SelfAttribute("amount")
    currency = "EUR"
    captured_at = factory.LazyFunction(lambda: datetime.now(UTC))


class EmailFactory(factory.Factory):
    """A receipt as the shop writes one down: it tells about `event` and is sent after the commit."""

    class Meta:
        model = Email

    event = factory.SubFactory(PaymentCapturedFactory)
    cause = factory.LazyFunction(uuid4)

    @classmethod
    def _create(cls, _model: type[Email], *_args: object, event: PaymentCaptured, cause: object) -> Email:
        return notify(event, order_number=event.order_number, cause=cause)
