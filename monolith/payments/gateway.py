"""The card gateway: the one at GATEWAY_URL, or one that lives in this process, so that the shop needs no account.

Card tokens of the latter: every `tok_…` is charged, except `tok_declined` (the bank says no) and `tok_expired` (the
card is too old). Anything else is not a token. It keeps no state, so nothing has to be undone when the shop's
transaction rolls back; a real gateway keeps the authorisation, which is why a checkout takes the payment when nothing
else can refuse it.
"""

from decimal import Decimal
from uuid import uuid4

from django.conf import settings

from monolith.errors import PaymentDeclined
from monolith.payments import gateway_over_http as over_http

DECLINED_CARDS = {"tok_declined": "the bank declined it", "tok_expired": "the card has expired"}


def authorise(card_token: str, amount: Decimal, currency: str, order_number: str) -> str:
    """Returns the gateway's reference. Raises PaymentDeclined, and GatewayUnavailable where it is asked over HTTP."""
    if settings.GATEWAY_URL:
        return over_http.authorise(card_token, amount, currency, order_number)
    if not card_token.startswith("tok_"):
        raise PaymentDeclined("card_token is not a token of this gateway; tok_visa is one that works.")
    if card_token in DECLINED_CARDS:
        why = DECLINED_CARDS[card_token]
        raise PaymentDeclined(f"The card could not be charged {amount} {currency}: {why}. Try another one.")
    return f"auth_{uuid4().hex}"


def capture(authorisation: str, amount: Decimal) -> str:
    return over_http.move("capture", authorisation, amount) if settings.GATEWAY_URL else f"capt_{uuid4().hex}"


def refund(authorisation: str, amount: Decimal) -> str:
    return over_http.move("refund", authorisation, amount) if settings.GATEWAY_URL else f"refd_{uuid4().hex}"


def void(authorisation: str, amount: Decimal) -> str:
    return over_http.move("void", authorisation, amount) if settings.GATEWAY_URL else f"void_{uuid4().hex}"
