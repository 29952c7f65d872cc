"""The checkout as a saga: stock, payment, confirmation. Where this side owns all that, it is one transaction."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db.models import Case, Value, When
from django.utils import timezone
from pydantic import BaseModel, Field, PrivateAttr

from monolith.errors import CalledOff, GatewayUnavailable, NoAnswerInTime, NotFound, OutOfStock, PaymentDeclined
from monolith.inventory import services as inventory
from monolith.inventory.events import StockChange, StockChangeDone, StockChangeRejected
from monolith.orders import outcomes
from monolith.orders.models import Order, OrderLine
from monolith.payments import services as payments
from monolith.payments.events import PaymentAsked, PaymentRequestDone, PaymentRequestRefused
from strangler.errors import NoAnswer
from strangler.saga import Saga, Step, Waiting, waiting

Pay = Literal["now", "on_shipment"]
WITHIN, ATTEMPTS = timedelta(seconds=20), 3
"""A customer waits for a minute at most, if the inventory service is away."""
PAYMENT, PAY_WITHIN, PAY_ATTEMPTS = "payment", timedelta(seconds=30), 5
"""And for two and a half, if the payments service is: money that is on its way already is worth some patience."""
LONGEST_WAIT_FOR_PAYMENT = timedelta(seconds=settings.PAYMENT_PATIENCE)
"""If that service is there and the bank is not. Goods are kept from others for as long."""


class CheckoutData(BaseModel):
    """What is remembered of a checkout that waits.

    `card_token` is what the gateway has given the shop in place of a card: of use to nobody without the shop's own
    account there. It is here until the payment is taken or asked for, or the order is cancelled, and then it is not.
    """

    order_number: str
    quantities: dict[str, int]
    hold: str
    pay: Pay
    card_token: str = Field(default="", repr=False)
    code: str = ""
    reason: str = ""
    _at_hand: tuple[Order, Sequence[OrderLine]] | None = PrivateAttr(default=None)

    def at_hand(self) -> tuple[Order, Sequence[OrderLine]]:
        """The order, locked, and its lines: read once in a transaction, and not at all where it was made just now."""
        if self._at_hand is None:
            order = Order.objects.select_for_update().get(number=self.order_number)
            self._at_hand = order, list(order.lines.all())
        return self._at_hand

    def because(self, code: str, reason: str) -> "CheckoutData":
        return self.model_copy(update={"code": code, "reason": reason, "card_token": ""})


def begin(order: Order, lines: Sequence[OrderLine], *, hold: str, pay: Pay, card_token: str) -> None:
    """Raises OutOfStock and PaymentDeclined, where that is certain at once."""
    quantities = {line.sku: line.quantity for line in lines}
    data = CheckoutData(order_number=order.number, quantities=quantities, hold=hold, pay=pay, card_token=card_token)
    data._at_hand = order, lines
    checkout.start(data)


def change_of(order_number: str) -> UUID:
    """The number of the change that reserves for this order: asked again, it is the same question."""
    return uuid5(NAMESPACE_URL, f"shop:orders/{order_number}/reserve")


def reserve_stock(data: CheckoutData) -> Waiting[CheckoutData] | None:
    outcome = inventory.request(
        "reserve", data.order_number, data.quantities, instead_of=data.hold, change=change_of(data.order_number)
    )
    _keep_warehouses(data.order_number, outcome.warehouses)
    return waiting() if outcome.awaited else None


def note_reserved(data: CheckoutData, answer: StockChangeDone) -> None:
    _keep_warehouses(data.order_number, {line.sku: line.warehouse for line in answer.lines if line.warehouse})


def note_not_reserved(data: CheckoutData, refusal: StockChangeRejected | OutOfStock | NoAnswer) -> CheckoutData:
    if isinstance(refusal, NoAnswer):
        return data.because(NoAnswerInTime.code, "The warehouse did not answer in time. Please try again.")
    return data.because(OutOfStock.code, getattr(refusal, "reason", None) or str(refusal))


def release_stock(data: CheckoutData) -> None:
    outcomes.locked_for_taking_back(data.order_number)
    inventory.release(data.order_number, data.quantities)


def payment_of(order_number: str) -> UUID:
    """The number of the request that takes the money for this order: asked again, it is the same question."""
    return uuid5(NAMESPACE_URL, f"shop:orders/{order_number}/pay")


def take_payment(data: CheckoutData) -> CheckoutData | Waiting[CheckoutData]:
    """Where the payments service has to be asked, the card goes with the question and is kept here no longer."""
    order, _ = data.at_hand()
    wanted = payments.Wanted(
        "charge" if data.pay == "now" else "authorise",
        order.number,
        amount=order.total,
        currency=order.currency,
        card_token=data.card_token,
        customer_email=order.customer_email,
        customer_name=order.customer_name,
        answer_by=timezone.now() + LONGEST_WAIT_FOR_PAYMENT,
    )
    asked = payments.request(wanted, payment_of(order.number))
    paid = data.model_copy(update={"card_token": ""})
    return waiting(paid) if asked.awaited else paid


def note_not_paid(
    data: CheckoutData, refusal: PaymentDeclined | GatewayUnavailable | PaymentRequestRefused | NoAnswer
) -> CheckoutData:
    if isinstance(refusal, NoAnswer):
        return data.because(NoAnswerInTime.code, "The bank did not answer in time. Please try again.")
    known = refusal.code if refusal.code == GatewayUnavailable.code else PaymentDeclined.code
    return data.because(known, getattr(refusal, "reason", None) or str(refusal))


def give_payment_back(data: CheckoutData) -> None:
    outcomes.locked_for_taking_back(data.order_number)
    with suppress(NotFound):  # nothing was taken
        payments.give_back(data.order_number)


def confirm(data: CheckoutData) -> None:
    outcomes.place(*data.at_hand())


def cancel(data: CheckoutData) -> CheckoutData:
    """Where nothing refused it, a person has had it undone."""
    called_off = data if data.code else data.because(CalledOff.code, "The shop could not complete this order.")
    outcomes.reject(data.order_number, code=called_off.code, reason=called_off.reason)
    return called_off


def _reserving(answer: StockChange) -> str | None:
    """Of the order that asked just this. Releases and holds have answers of the same types."""
    return answer.reference if answer.change == change_of(answer.reference) else None


def _paying(answer: PaymentAsked) -> str | None:
    """Of the order that is to be paid by just this. All that is done with payments is answered by the same types."""
    return answer.order_number if answer.request == payment_of(answer.order_number) else None


def _keep_warehouses(order_number: str, warehouses: Mapping[str, str]) -> None:
    if warehouses:
        known = Case(*(When(sku=sku, then=Value(code)) for sku, code in warehouses.items()))
        OrderLine.objects.filter(order__number=order_number, sku__in=list(warehouses)).update(warehouse=known)


checkout = Saga(
    "checkout",
    data=CheckoutData,
    key="order_number",
    steps=(
        Step(
            "stock",
            reserve_stock,
            undo=release_stock,
            done=StockChangeDone,
            refused=StockChangeRejected,
            refusals=(OutOfStock,),
            within=WITHIN,
            attempts=ATTEMPTS,
            correlate=_reserving,
            on_done=note_reserved,
            on_refused=note_not_reserved,
        ),
        Step(
            PAYMENT,
            take_payment,
            undo=give_payment_back,
            done=PaymentRequestDone,
            refused=PaymentRequestRefused,
            refusals=(PaymentDeclined, GatewayUnavailable),
            within=PAY_WITHIN,
            attempts=PAY_ATTEMPTS,
            correlate=_paying,
            on_refused=note_not_paid,
        ),
        Step("confirmation", confirm),
    ),
    compensated=cancel,
)
