"""A card gateway that lives in this process, so that the shop needs no account anywhere.

Card tokens: every `tok_…` is charged, except `tok_declined` (the bank says no) and `tok_expired` (the card is too old).
Anything else is not a token. It keeps no state, so nothing has to be undone when the shop's transaction rolls back; a
real gateway would keep the authorisation, which is why a checkout takes the payment when nothing else can refuse it.
"""

from decimal import Decimal
from uuid import uuid4

from monolith.errors import PaymentDeclined

DECLINED_CARDS = {"tok_declined": "the bank declined it", "tok_expired": "the card has expired"}


def authorise(card_token: str, amount: Decimal, currency: str) -> str:
    """Returns the gateway's reference. Raises PaymentDeclined."""
    if not card_token.startswith("tok_"):
        raise PaymentDeclined("card_token is not a token of this gateway; tok_visa is one that works.")
    if card_token in DECLINED_CARDS:
        why = DECLINED_CARDS[card_token]
        raise PaymentDeclined(f"The card could not be charged {amount} {currency}: {why}. Try another one.")
    return f"auth_{uuid4().hex}"


def capture(authorisation: str, amount: Decimal) -> str:
    return f"capt_{uuid4().hex}"


def refund(authorisation: str, amount: Decimal) -> str:
    return f"refd_{uuid4().hex}"


def void(authorisation: str, amount: Decimal) -> str:
    return f"void_{uuid4().hex}"
