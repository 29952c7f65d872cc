"""Errors a shop's customer or operator can cause. Each becomes one HTTP status and one stable code in the API."""

from typing import ClassVar


class ShopError(Exception):
    """Root of the shop's errors. The text is shown to whoever caused it, so it says what is wrong and the way out."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid"


class NotFound(ShopError):
    status, code = 404, "not_found"


class NotACustomer(ShopError):
    status, code = 403, "not_a_customer"


class EmailTaken(ShopError):
    status, code = 409, "email_taken"


class EmptyCart(ShopError):
    code = "empty_cart"


class ProductUnavailable(ShopError):
    status, code = 409, "product_unavailable"


class MixedCurrencies(ShopError):
    status, code = 409, "mixed_currencies"


class OutOfStock(ShopError):
    status, code = 409, "out_of_stock"


class PaymentDeclined(ShopError):
    status, code = 402, "payment_declined"


class RefundTooLarge(ShopError):
    status, code = 409, "refund_too_large"


class IllegalTransition(ShopError):
    status, code = 409, "illegal_transition"


class LedgerIsAppendOnly(ShopError):
    status, code = 409, "ledger_is_append_only"
