"""Errors a shop's customer or operator can cause. Each becomes one HTTP status and one stable code in the API."""

from typing import ClassVar


class ShopError(Exception):
    """Root of the shop's errors. The text is shown to whoever caused it, so it says what is wrong and the way out."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid"


class NotFound(ShopError):
    """What was asked for does not exist, or is not yours."""

    status, code = 404, "not_found"


class NotACustomer(ShopError):
    """The account is not a customer's, a staff account for example."""

    status, code = 403, "not_a_customer"


class EmailTaken(ShopError):
    """Somebody has registered with this e-mail address already."""

    status, code = 409, "email_taken"


class EmptyCart(ShopError):
    """There is nothing in the cart to buy."""

    code = "empty_cart"


class ProductUnavailable(ShopError):
    """A product in the cart is not on sale any more."""

    status, code = 409, "product_unavailable"


class MixedCurrencies(ShopError):
    """An order has one currency."""

    status, code = 409, "mixed_currencies"


class OutOfStock(ShopError):
    """There are not enough units in any warehouse."""

    status, code = 409, "out_of_stock"


class StockElsewhere(ShopError):
    """The stock of a SKU is kept by the inventory service, where this has to be done, or answered first."""

    status, code = 409, "stock_elsewhere"


class PromotionRefused(ShopError):
    """The promotion code is unknown, over, used up, or does not fit this cart."""

    status, code = 409, "promotion_refused"


class CannotShipThere(ShopError):
    """The shop does not ship to this country in this way."""

    status, code = 409, "cannot_ship_there"


class PaymentDeclined(ShopError):
    """The card could not be charged."""

    status, code = 402, "payment_declined"


class GatewayUnavailable(ShopError):
    """The bank could not be reached for as long as it was tried; nothing was charged. Try again later."""

    status, code = 503, "gateway_unavailable"


class PaymentElsewhere(ShopError):
    """The payment is kept by the payments service, which has not told yet how it stands. Try again in a moment."""

    status, code = 409, "payment_elsewhere"


class NoAnswerInTime(ShopError):
    """Warehouse or bank did not answer in time, so the order was cancelled; nothing was charged. Try again."""

    status, code = 503, "no_answer"


class CalledOff(ShopError):
    """The shop could not complete the order and has cancelled it; what was paid is given back."""

    status, code = 409, "called_off"


class OrderPending(ShopError):
    """Whether the order can be placed is not certain yet. Wait until it is: the order says how long at most."""

    status, code = 409, "order_pending"


class CaptureTooLarge(ShopError):
    """More should be captured than is authorised."""

    status, code = 409, "capture_too_large"


class RefundTooLarge(ShopError):
    """More should be given back than was paid."""

    status, code = 409, "refund_too_large"


class NothingToShip(ShopError):
    """What should go into a parcel is shipped already, or was never ordered."""

    status, code = 409, "nothing_to_ship"


class NotReturnable(ShopError):
    """What should come back was not delivered, or is on its way back already."""

    status, code = 409, "not_returnable"


class PriceRefused(ShopError):
    """A price can't begin in the past, where orders were placed at another one."""

    status, code = 409, "price_refused"


class IllegalTransition(ShopError):
    """A state machine refused a move; the text lists the legal ones."""

    status, code = 409, "illegal_transition"


class LedgerIsAppendOnly(ShopError):
    """Entries of a ledger are neither changed nor deleted."""

    status, code = 409, "ledger_is_append_only"
